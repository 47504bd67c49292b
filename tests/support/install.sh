# Brings the machine what the tests need, when it may. Sourced by ./test.

# Sets the folder of PostgreSQL's server programs, which Debian keeps out of PATH.
find_postgres() {
  local folder
  for folder in "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")" /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
      postgres_bin=$folder
    fi
  done
  [ -n "${postgres_bin:-}" ]
}

# A venv needs ensurepip, which Debian ships apart.
have_venv() {
  command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null
}

# Names the Debian packages that are missing, by what cannot be done without them.
missing_packages() {
  command -v cc >/dev/null || echo build-essential
  find_postgres || echo postgresql
  command -v python3 >/dev/null || echo python3
  have_venv || echo python3-venv
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
  command -v curl >/dev/null || echo curl
}

# Installs what is missing as root; says what is missing otherwise. The parts skip themselves.
install_packages() {
  local packages
  packages=$(missing_packages | tr '\n' ' ')
  if [ -z "$packages" ]; then
    echo "Everything is there."
  elif [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing: $packages"
    # shellcheck disable=SC2086 # the list is words on purpose
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >"$work/apt.txt" 2>&1; then
      tail -n 20 "$work/apt.txt"
      echo "Could not install all of: $packages"
    fi
  else
    echo "Missing, and installing needs root: $packages"
  fi
  find_postgres || true
  python=$(command -v python3 || true)
}

# Installs the pinned Python clients into .venv, once per list of pins.
install_python_clients() {
  local pins
  pins=$(cat tests/clients/python/requirements*.txt | sha256sum | cut -d' ' -f1)
  [ -f ".venv/pins-$pins" ] && return 0
  [ -x .venv/bin/python ] || python3 -m venv .venv || return 1
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/clients/python/requirements.txt || return 1
  local one
  rm -rf .venv/apart
  while IFS= read -r one; do
    case $one in '' | '#'*) continue ;; esac
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --target ".venv/apart/${one%%=*}" "$one" || return 1
  done <tests/clients/python/requirements-apart.txt
  rm -f .venv/pins-*
  touch ".venv/pins-$pins"
}

# Installs the pinned Node client from its lockfile, once per lockfile.
install_node_clients() {
  local pins
  pins=$(sha256sum <tests/clients/node/package-lock.json | cut -d' ' -f1)
  [ -f "tests/clients/node/node_modules/.pins-$pins" ] && return 0
  (cd tests/clients/node && npm ci --silent --no-audit --no-fund) || return 1
  touch "tests/clients/node/node_modules/.pins-$pins"
}

# Installs vitest for its example from the lockfile, once per lockfile.
install_vitest_example() {
  local pins
  pins=$(sha256sum <tests/examples/vitest/package-lock.json | cut -d' ' -f1)
  [ -f "tests/examples/vitest/node_modules/.pins-$pins" ] && return 0
  (cd tests/examples/vitest && npm ci --silent --no-audit --no-fund) || return 1
  touch "tests/examples/vitest/node_modules/.pins-$pins"
}

# Installs what drives the browser from its lockfile, once per lockfile.
install_console_tests() {
  local pins
  pins=$(sha256sum <tests/console/package-lock.json | cut -d' ' -f1)
  [ -f "tests/console/node_modules/.pins-$pins" ] && return 0
  (cd tests/console && npm ci --silent --no-audit --no-fund) || return 1
  touch "tests/console/node_modules/.pins-$pins"
}

# Finds the browser, or installs Debian's when it may.
have_chromium() {
  chromium=$(command -v chromium || command -v chromium-browser || true)
  if [ -z "$chromium" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >"$work/chromium.txt" 2>&1 ||
      tail -n 5 "$work/chromium.txt"
    chromium=$(command -v chromium || true)
  fi
  [ -n "$chromium" ]
}
