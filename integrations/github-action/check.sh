#!/bin/sh
# What action.yml runs: its inputs are variables, so that nothing of them is read as a part of a command.
set -eu
set -- leak check "$APP" --share "$SHARE" --runs "$RUNS"
[ -z "$PROPS" ] || set -- "$@" --props "$PROPS"
[ -z "$URL" ] || set -- "$@" --url "$URL"
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
