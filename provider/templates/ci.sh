#!/usr/bin/env bash
# The steps of an access pipeline, for any CI. Run them with bash in the directory of the project, after `npm ci`:
#
#   ci.sh review BASE [HEAD]  for a pull request; HEAD (default: HEAD) is its merge into the commit BASE of the main branch
#   ci.sh deploy              for every push to the main branch
#   ci.sh night               every night on the main branch: deploys, audits, then calls HEARTBEAT_URL
#
# All need STACK, the name of the stack. `review` needs no secret. It writes the comment for the pull request to review.md.
# The others need Pulumi's own variables (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE or PULUMI_ACCESS_TOKEN), and the
# key in AEGIR_PRIVATE_KEY.
set -uo pipefail

access() { npx --no-install aegir-access "$@"; }

# Exit code 1: the change is refused or the manifest has problems. Above: the review could not be made.
review() {
  local code=0
  access review "$1" "${2:-HEAD}" --manifest access.yaml --stack "$STACK" --format markdown > review.md 2> review-errors.txt || code=$?
  if [ "$code" -gt 1 ]; then
    {
      echo '<!-- aegir-access review -->'; echo '### Who gains and who loses access'; echo
      echo 'The review could not be made:'; echo; sed 's/^/    /' review-errors.txt
    } > review.md
  fi
  cat review.md
  return "$code"
}

# A failed grant, or a server that is down, does not block a revocation, but the job still fails. Never add
# --run-program, which hangs with --continue-on-error (Pulumi 3.248). After an interrupt Pulumi finishes cleanly.
# Without --foreground it would get two interrupts and stop at once. Give the job more than 50 minutes, because a killed
# one leaves the stack locked.
deploy() {
  timeout --foreground --signal=INT --kill-after=5m 45m \
    pulumi up --yes --non-interactive --color never --refresh --continue-on-error --stack "$STACK"
}

night() {
  local code=0
  deploy || code=$?
  access audit --stack "$STACK" || code=$?
  if [ "$code" -eq 0 ]; then heartbeat; else return "$code"; fi
}

# A disabled schedule fails silently. The monitor behind this URL alerts if it gets no call for a day.
heartbeat() {
  if [ -z "${HEARTBEAT_URL:-}" ]; then echo "No HEARTBEAT_URL is set: nothing notices when this stops running."; return; fi
  curl --fail --silent --show-error --retry 3 --max-time 10 --output /dev/null "$HEARTBEAT_URL"
}

case "${1:-}" in
  review | deploy | night | heartbeat) "$@" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
