/** CHANGELOG.md in the form of Keep a Changelog: what was under "Unreleased" becomes a version. */

const UNRELEASED = "## [Unreleased]\n";

/**
 * The changelog with a heading for the version and its date above what was unreleased, and the links to compare.
 *
 * @throws when there is nothing unreleased, or the headings and links are not those of Keep a Changelog
 */
export function released(changelog: string, version: string, date: string): string {
  const start = changelog.indexOf(UNRELEASED);
  if (start < 0) throw new Error('CHANGELOG.md has no "## [Unreleased]", put it above what users will notice');
  const below = changelog.slice(start + UNRELEASED.length);
  const news = below.slice(0, Math.max(below.search(/^(## |\[Unreleased\]: )/m), 0));
  if (!/^- /m.test(news)) throw new Error(`CHANGELOG.md has nothing under Unreleased, say what ${version} changes`);
  const [link, repository, previous] = /^\[Unreleased\]: (https:\S+)\/compare\/(v\S+)\.\.\.HEAD$/m.exec(changelog) ??
    [];
  if (link === undefined) throw new Error("CHANGELOG.md has no [Unreleased] link that compares a version with HEAD");
  const links = [
    `[Unreleased]: ${repository}/compare/v${version}...HEAD`,
    `[${version}]: ${repository}/compare/${previous}...v${version}`,
  ];
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n## [${version}] - ${date}\n`).replace(link, links.join("\n"));
}
