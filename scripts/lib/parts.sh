# Sourced by scripts/test: runs named parts, some beside others, keeps their results, cleans up.

failed=0
summary=()
counts=()
log=$(mktemp)
beside=() # process groups, in the order of their names
names_beside=()
said=$(mktemp -d) # what each of them says, and how it ended
started=${EPOCHREALTIME/[.,]/}
# Every process below us carries this mark, whatever session it moves to.
export CALLCENTER_TEST_RUN=$$-$started
trap 'rm -rf "$log" "$said"' EXIT
trap 'stop 130' INT
trap 'stop 143' TERM

# part NAME COMMAND...
part() {
  local name=$1 begun=${EPOCHREALTIME/[.,]/} status
  shift
  printf '\n== %s\n' "$name"
  set -m # a process group for each part, which Ctrl-C here ends as a whole
  "$@" </dev/null &
  running=$!
  set +m
  wait "$running"
  status=$?
  running=
  result "$name" "$status" "$begun" ""
}

# beside NAME COMMAND...: a part that runs beside those that follow, until `gather`
beside() {
  local name=$1 file=$said/${#beside[@]} begun=${EPOCHREALTIME/[.,]/}
  shift
  set -m
  (
    "$@" </dev/null >"$file" 2>&1
    echo "$? $begun ${EPOCHREALTIME/[.,]/}" >"$file.end"
  ) &
  beside+=("$!")
  set +m
  names_beside+=("$name")
}

# Waits for the parts beside, and tells them in the order in which they were started.
gather() {
  local at status begun ended
  for at in "${!beside[@]}"; do
    wait "${beside[at]}"
    [ -e "$said/$at.end" ] || echo "137 $started ${EPOCHREALTIME/[.,]/}" >"$said/$at.end" # killed
    read -r status begun ended <"$said/$at.end"
    printf '\n== %s\n' "${names_beside[at]}"
    cat "$said/$at"
    result "${names_beside[at]}" "$status" "$begun" "" "$ended"
  done
  beside=()
  names_beside=()
}

# tests NAME PYTEST-ARGUMENTS...: a part whose last line is kept for the sum
tests() {
  local name=$1 begun=${EPOCHREALTIME/[.,]/} status last
  shift
  printf '\n== %s\n' "$name"
  set -m
  (
    set -o pipefail
    pytest -rs "$@" </dev/null 2>&1 | tee "$log"
  ) &
  running=$!
  set +m
  wait "$running"
  status=$?
  running=
  last=$(grep -aE '[0-9]+ (passed|failed|skipped|error|deselected).* in [0-9.]+s|no tests ran' "$log" | tail -n 1)
  counts+=("$last")
  # A selection (-k) may leave nothing for one of the two parts.
  [ "$status" -eq 5 ] && [ "${last#*deselected}" != "$last" ] && status=0
  result "$name" "$status" "$begun" "$last"
}

# result NAME STATUS BEGUN WORDS [ENDED]: times in microseconds
result() {
  local now=${EPOCHREALTIME/[.,]/} word=ok line
  local ms=$(((${5:-$now} - $3) / 1000))
  if [ "$2" -ne 0 ]; then
    word=FAILED
    failed=$((failed + 1))
  fi
  printf -v line '%-22s %-6s %4d.%d s  %s' "$1" "$word" $((ms / 1000)) $((ms % 1000 / 100)) "$4"
  printf -- '-- %s\n' "$line"
  summary+=("$line")
}

# Whether an argument is a file or folder of tests: then only that is run.
names_a_path() {
  local argument
  for argument in "$@"; do
    [ -e "${argument%%::*}" ] && return 0
  done
  return 1
}

finish() {
  local left
  left=$(leftovers)
  if [ -n "$left" ]; then
    failed=$((failed + 1))
    summary+=("left behind, ended now: $(names $left)")
    end $left
  fi
  printf '\n== sum\n'
  printf '%s\n' "${summary[@]}"
  total
  exit $((failed > 0))
}

# One line in pytest's form for all its runs together.
total() {
  [ ${#counts[@]} -gt 0 ] || return
  local ms=$(((${EPOCHREALTIME/[.,]/} - started) / 1000)) kind number all=
  for kind in failed passed skipped deselected error; do
    number=$(printf '%s\n' "${counts[@]}" | grep -oE "[0-9]+ $kind" | awk '{ n += $1 } END { print n + 0 }')
    [ "$kind" = error ] && [ "$number" -gt 1 ] && kind=errors
    [ "$number" -gt 0 ] && all+="${all:+, }$number $kind"
  done
  printf '%s in %d.%02ds\n' "${all:-no tests ran}" $((ms / 1000)) $((ms % 1000 / 10))
}

# Processes of this run other than this script's own.
leftovers() {
  local file number
  for file in $(grep -lazs "^CALLCENTER_TEST_RUN=$CALLCENTER_TEST_RUN\$" /proc/[0-9]*/environ); do
    number=${file//[!0-9]/}
    [ -e "/proc/$number" ] && [ "$number" -ne $$ ] && [ "$number" -ne "$BASHPID" ] &&
      echo "$number"
  done
}

names() {
  local number
  for number in "$@"; do
    printf '%s (%s) ' "$number" "$(tr '\0' ' ' <"/proc/$number/cmdline" 2>/dev/null | cut -c1-80)"
  done
}

# end PID...: politely, then for sure
end() {
  local patience
  kill -TERM "$@" 2>/dev/null
  for patience in {1..50}; do
    kill -0 "$@" 2>/dev/null || return
    sleep 0.1
  done
  kill -KILL "$@" 2>/dev/null
}

stop() {
  trap '' INT TERM
  printf '\nStopping ...\n'
  local group
  for group in ${beside[@]+"${beside[@]}"}; do
    kill -INT -- "-$group" 2>/dev/null # who does not care is ended below
  done
  if [ -n "${running:-}" ]; then
    kill -INT -- "-$running" 2>/dev/null # pytest takes down what its fixtures set up
    for _ in {1..100}; do
      kill -0 -- "-$running" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$running" 2>/dev/null
  fi
  local left
  left=$(leftovers)
  [ -z "$left" ] || end $left
  exit "$1"
}
