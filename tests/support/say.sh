# What ./test prints and how it counts. Sourced by it; knows nothing of what is tested.

passed=0
failed=0
skipped=()
failures=()

# A heading of one part.
section() {
  printf '\n== %s ==\n' "$*"
}

# One test that a whole command is: it passes when the command does.
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    failures+=("$name")
    echo "FAILED: $name"
  fi
}

# A part that cannot run here, by name and with the reason; never silent.
skip() {
  skipped+=("$1")
  echo "skipped: $1 ($2)"
}

# Adds the counts that tests/support/counts.py reads from a runner's own report.
# $1 is the part's name, $2 the runner's exit code, the rest go to counts.py.
count() {
  local name=$1 code=$2 line kind rest before=$failed
  shift 2
  while IFS= read -r line; do
    kind=${line%% *}
    rest=${line#* }
    case $kind in
      passed) passed=$((passed + rest)) ;;
      failed)
        failed=$((failed + 1))
        failures+=("$name: $rest")
        ;;
      skipped) skipped+=("$rest") ;;
    esac
  done < <("$python" tests/support/counts.py "$@")
  # A runner that fails without naming a test has not run them all: a build error, say.
  if [ "$code" -ne 0 ] && [ "$failed" -eq "$before" ]; then
    failed=$((failed + 1))
    failures+=("$name: the runner ended with $code")
  fi
}

# The one plain line that ends every run.
summary() {
  section "summary"
  local name list=
  for name in ${failures[@]+"${failures[@]}"}; do
    echo "FAILED: $name"
  done
  for name in ${skipped[@]+"${skipped[@]}"}; do
    list+="${list:+, }$name"
  done
  local line="$passed passed, $failed failed"
  [ "${#skipped[@]}" -eq 0 ] || line+=", ${#skipped[@]} skipped: $list"
  echo "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
