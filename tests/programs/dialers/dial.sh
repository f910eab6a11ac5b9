# Dials 127.0.0.1 again and again with bash's own /dev/tcp; prints how the dials ended. dial.sh PORT COUNT
connected=0 refused=0
for ((number = 0; number < $2; number++)); do
  if { exec 3<> "/dev/tcp/127.0.0.1/$1"; } 2> /dev/null; then connected=$((connected + 1)) && exec 3>&-; else refused=$((refused + 1)); fi
done
# bash has no error codes; what went wrong stands in its message.
{ exec 3<> "/dev/tcp/127.0.0.1/$1"; } 2>&1 | grep -q "Connection refused" && code=ECONNREFUSED || code=other
separator=
printf '{'
if ((connected > 0)); then printf '"connected": %d' "$connected" && separator=", "; fi
if ((refused > 0)); then printf '%s"%s": %d' "$separator" "$code" "$refused"; fi
printf '}\n'
