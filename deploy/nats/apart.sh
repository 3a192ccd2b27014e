#!/bin/sh
# Gives gateways that you do not trust a NATS account each, for one number: what it publishes and asks reaches only that
# number's subjects, and answers come back to it alone. Run make-secrets.sh first.
#
#   ./apart.sh FOLDER ACCOUNT...
#
# ACCOUNT: the account of a number in recado's log, in letters, digits, _ and -
#
# Writes into FOLDER, beside make-secrets.sh's files:
#   roles.conf             the roles, with the accounts and what each may use; it has their passwords
#   gateway-ACCOUNT.env    for each: NATS_URL, NATS_CA, NATS_INBOX_PREFIX, NATS_API_PREFIX. Passwords that are there are kept.
# Give the servers this roles.conf in place of the other, and run a gateway as: recado gateway cloud --account ACCOUNT
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
umask 077
roles=$(cd "$(dirname "$0")" && pwd)/roles.conf
cd "$1"
shift

# What is the account's own: it follows the events and the people of that number alone.
own() {
    for kind in in edit revoke receipt; do echo "wa.$kind.$1.*"; done
    echo "wa.dlq.$1"
    echo "wa.account.$1"
    echo "\$KV.LEASES.g.$1"
    echo "\$KV.ALIASES.$1.*"
    echo "\$JS.API.CONSUMER.CREATE.EVENTS.*.evt.*.$1.*.*.*"
    echo "\$JS.API.CONSUMER.CREATE.KV_ALIASES.*.\$KV.ALIASES.$1.*"
}

# What cannot be told apart by its subject: see docs/operations.md for what a gateway may learn by it.
shared() {
    for stream in EVENTS DLQ ACCOUNTS OBJ_MEDIA OBJ_LIBRARY KV_ALIASES; do echo "\$JS.API.STREAM.INFO.$stream"; done
    for stream in EVENTS ACCOUNTS KV_LEASES OBJ_MEDIA OBJ_LIBRARY KV_ALIASES; do echo "\$JS.API.STREAM.MSG.GET.$stream"; done
    for stream in EVENTS KV_ALIASES; do echo "\$JS.API.CONSUMER.DELETE.$stream.*"; done
    echo "\$O.MEDIA.C.*"
    echo "\$O.MEDIA.M.*"
}

# Answers to these come one after the other.
streams() {
    for stream in EVENTS KV_ALIASES; do echo "\$JS.API.CONSUMER.MSG.NEXT.$stream.*"; done
}

exports() {
    everyone=$(printf '"GATEWAY-%s", ' "$@" | sed 's/, $//')
    echo "    exports: ["
    for account; do
        own "$account" | sed "s/.*/      { service: \"&\", accounts: [\"GATEWAY-$account\"] }/"
    done
    shared | sed "s/.*/      { service: \"&\", accounts: [$everyone] }/"
    streams | sed "s/.*/      { service: \"&\", accounts: [$everyone], response_type: Stream }/"
    echo "    ]"
}

account() {
    env=gateway-$1.env
    password=$(sed -n 's#^NATS_URL=tls://[^:]*:\([^@]*\)@.*#\1#p' "$env" 2>/dev/null || true)
    [ -n "$password" ] || password=$(openssl rand -hex 24)
    sed "s#://gateway:[^@]*@#://gateway-$1:$password@#g" gateway.env >"$env"
    echo "NATS_API_PREFIX=recado.api" >>"$env"
    echo "  \"GATEWAY-$1\" {"
    echo "    users: [{ user: \"gateway-$1\", password: \"$password\" }]"
    echo "    imports: ["
    { own "$1"; shared; streams; } | while IFS= read -r subject; do
        # Under its own prefix the server answers that this account has no JetStream.
        case $subject in
            '$JS.API.'*) to=", to: \"recado.api.${subject#'$JS.API.'}\"" ;;
            *) to= ;;
        esac
        echo "      { service: { account: RECADO, subject: \"$subject\" }$to }"
    done
    echo "    ]"
    echo "  }"
    echo
}

for account; do
    case $account in
        '' | *[!A-Za-z0-9_-]*) echo "$account: give letters, digits, _ and -" >&2 && exit 2 ;;
    esac
done

while IFS= read -r line; do
    case $line in
        "  # Servers, not messages"*) for account; do account "$account"; done ;;
    esac
    printf '%s\n' "$line"
    case $line in
        "  RECADO {") exports "$@" ;;
    esac
done <"$roles" >roles.conf.new
mv roles.conf.new roles.conf
echo "Written to $PWD: roles.conf, and an .env for each gateway. Have the servers read it: nats-server --signal reload"
