/* Bun needs ProcessPrng, which the DLL of this name has since Windows 10, but not that of Wine 8. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return RtlGenRandom(data, (ULONG) size); }
