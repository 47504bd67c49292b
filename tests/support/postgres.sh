# A throwaway PostgreSQL cluster for the tests that want one. Sourced by ./test.

# PostgreSQL refuses to run as root, so root lends it the user that its package makes.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

# Starts the cluster and exports BITTING_TEST_POSTGRES; fails with the reason on the terminal.
start_postgres() {
  local port password attempt
  cluster=$(mktemp -d "${TMPDIR:-/tmp}/bitting-postgres.XXXXXX")
  [ "$(id -u)" -ne 0 ] || chown postgres "$cluster"
  password=$("$python" -c 'import secrets; print(secrets.token_hex(16))')
  (umask 077 && printf '%s\n' "$password" >"$work/postgres-password")
  [ "$(id -u)" -ne 0 ] || { chown postgres "$work/postgres-password" && chmod 711 "$work"; }
  if ! (cd / && as_postgres "$postgres_bin/initdb" -D "$cluster/data" -U bitting -A scram-sha-256 --pwfile "$work/postgres-password" \
    -E UTF8 --locale C --no-sync >"$work/initdb.txt" 2>&1); then
    tail -n 20 "$work/initdb.txt"
    return 1
  fi
  rm -f "$work/postgres-password"
  # Durability is PostgreSQL's own promise; the tests ask for its answers, not for its disk.
  for attempt in 1 2 3 4 5; do
    port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if (cd / && as_postgres "$postgres_bin/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w -t 60 \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" \
      start >"$work/pg_ctl.txt" 2>&1); then
      export BITTING_TEST_POSTGRES="postgres://bitting:$password@127.0.0.1:$port/postgres"
      echo "Running on port $port, attempt $attempt."
      return 0
    fi
  done
  tail -n 20 "$work/pg_ctl.txt" "$cluster/log"
  return 1
}

stop_postgres() {
  [ -n "${cluster:-}" ] || return 0
  if [ -f "$cluster/data/postmaster.pid" ]; then
    (cd / && as_postgres "$postgres_bin/pg_ctl" -D "$cluster/data" -m immediate -w stop >/dev/null 2>&1)
  fi
  rm -rf "$cluster"
}
