# Sourced by the scripts beside: finds Python, says what the machine lacks, makes .venv.
# Sets $root and $venv. Talks on stdout; what a person must do goes to stderr, with exit status 2.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

is_good_python() {
  command -v "$1" >/dev/null &&
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# The first Python >= 3.11, preferably one that can make a venv right away.
find_python() {
  local name first=
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    is_good_python "$name" || continue
    first=${first:-$name}
    if "$name" -c 'import venv, ensurepip' 2>/dev/null; then
      first=$name
      break
    fi
  done
  python=$first
}

# Print the one command that installs everything missing, and stop.
require_tools() {
  local missing=() sudo=
  find_python
  if [ -z "$python" ]; then
    if command -v python3 >/dev/null; then # there, but too old
      missing+=(python3.11 python3.11-venv)
    else
      missing+=(python3 python3-venv)
    fi
  elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    missing+=("$(basename "$python")-venv")
  fi
  if command -v apt-get >/dev/null; then
    [ -s /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  elif [ ${#missing[@]} -gt 0 ]; then
    echo "Please install Python 3.11 or newer with its venv module, then run this again." >&2
    exit 2
  fi
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || sudo='sudo '
  {
    echo "This machine lacks ${missing[*]}. Install with this command, then run this again:"
    echo
    echo "  ${sudo}apt-get update && ${sudo}apt-get install -y ${missing[*]}"
  } >&2
  exit 2
}

# make_venv base|dev: quick when nothing changed since it was made.
make_venv() {
  local extra=$1 stamp=$venv/.made-for wanted made=
  wanted=$(fingerprint)
  [ -f "$stamp" ] && read -r made <"$stamp"
  case $made in "$wanted $extra" | "$wanted dev") return ;; esac
  require_tools
  exec 9<"$root/pyproject.toml"
  flock -n 9 || { echo "Another set-up is under way; waiting for it ..." && flock 9; }
  if ! is_our_venv; then
    echo "Making .venv with $("$python" --version) ..."
    "$python" -m venv --clear "$venv"
  fi
  install_python_packages "$extra"
  echo "$wanted $extra" >"$stamp"
  exec 9<&-
}

# Changes when .venv must be looked at: what it should hold, or a project that was moved.
fingerprint() {
  { cat "$root/pyproject.toml" "$root/scripts/constraints.txt" && echo "$root"; } |
    sha256sum | cut -c1-64
}

is_our_venv() {
  [ -x "$venv/bin/python" ] && is_good_python "$venv/bin/python" &&
    [ "$("$venv/bin/python" -c 'import sys, pip; print(sys.prefix)' 2>/dev/null)" = "$venv" ]
}

install_python_packages() {
  local what=$root log=$venv/install.log
  [ "$1" = dev ] && what="$root[dev]"
  echo "Fetching Python packages ..."
  if ! "$venv/bin/python" -m pip install --progress-bar off \
    -c "$root/scripts/constraints.txt" -e "$what" 2>&1 | tee "$log" |
    awk '/^Collecting/ { n++; if (n % 10 == 0) { print "  fetched " n; fflush() } }
         /^Installing collected/ { print "  installing " n; fflush() }'; then
    echo "Python packages could not be installed; pip said:" >&2
    grep -E '^ *(ERROR|error)' "$log" | head -n 3 >&2 || tail -n 3 "$log" >&2
    echo "Check the network (or pip's configuration) and run this again; all of it: $log" >&2
    exit 2
  fi
}
