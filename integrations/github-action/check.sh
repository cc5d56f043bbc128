#!/bin/sh
# What action.yml runs: its inputs are variables, so that nothing of them is read as a part of a command.
set -eu
set -- leak check "$APP" --share "$SHARE" --runs "$RUNS"
while IFS= read -r file; do
  [ -z "$file" ] || set -- "$@" --props "$file"
done <<END
$PROPS
END
while IFS= read -r url; do
  [ -z "$url" ] || set -- "$@" --url "$url"
done <<END
$URL
END
[ -z "$HOST" ] || set -- "$@" --host "$HOST"
[ -z "$BASELINE" ] || set -- "$@" --baseline "$BASELINE"
[ "$STRICT" != true ] || set -- "$@" --strict
code=0
report=$("$DAYFLY" "$@") || code=$?
printf '%s\n' "$report"
if [ -n "${GITHUB_STEP_SUMMARY-}" ]; then
  { echo '### dayfly leak check'; echo '```'; printf '%s\n' "$report"; echo '```'; } >>"$GITHUB_STEP_SUMMARY"
fi
if [ -n "$SARIF" ] && [ "$code" -ne 2 ]; then
  "$DAYFLY" "$@" --sarif >"$SARIF" || true
fi
exit "$code"
