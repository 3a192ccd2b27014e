#!/bin/sh
# Gives gateways that you do not trust a NATS account each, for one number: what it publishes and asks reaches only that
# number's subjects, and answers come back to it alone. Run make-secrets.sh first.
#
#   ./apart.sh FOLDER ACCOUNT...
#
# ACCOUNT: the account of a number in recado's log, in letters, digits, _ and -
#
# Writes into FOLDER, beside make-secrets.sh's files:
#   roles.conf                 the roles, with what each account may use, and the accounts
#   passwords.conf             has their passwords too
#   gateway-ACCOUNT.env        for each: NATS_URL, NATS_CA, NATS_INBOX_PREFIX, RECADO_ACCOUNT
# Give the servers this roles.conf in place of the other, and run the gateway as: recado gateway cloud --account ACCOUNT
set -eu

if [ $# -lt 2 ]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
umask 077
roles=$(cd "$(dirname "$0")" && pwd)/roles.conf
cd "$1"
shift

# Subjects that an account's gateway uses. Of the log it may follow its own events alone; of the aliases its own people.
subjects() {
    for kind in in edit revoke receipt; do echo "wa.$kind.$1.*"; done
    echo "wa.dlq.$1"
    echo "wa.account.$1"
    echo "\$KV.LEASES.g.$1"
    echo "\$KV.ALIASES.$1.*"
    echo "\$O.MEDIA.C.*"
    echo "\$O.MEDIA.M.*"
    for stream in EVENTS DLQ ACCOUNTS OBJ_MEDIA KV_ALIASES; do echo "\$JS.API.STREAM.INFO.$stream"; done
    for stream in EVENTS ACCOUNTS KV_LEASES OBJ_MEDIA KV_ALIASES; do echo "\$JS.API.STREAM.MSG.GET.$stream"; done
    echo "\$JS.API.CONSUMER.CREATE.EVENTS.*.evt.*.$1.*.*.*"
    echo "\$JS.API.CONSUMER.CREATE.KV_ALIASES.*.\$KV.ALIASES.$1.*"
    for stream in EVENTS KV_ALIASES; do echo "\$JS.API.CONSUMER.DELETE.$stream.*"; done
}

# Answers to these come one after the other.
streams() {
    for stream in EVENTS KV_ALIASES; do echo "\$JS.API.CONSUMER.MSG.NEXT.$stream.*"; done
}

{
    while IFS= read -r line; do
        printf '%s\n' "$line"
        [ "$line" = "  RECADO {" ] || continue
        echo "    exports: ["
        for account; do
            subjects "$account" | sed "s/.*/      { service: \"&\", accounts: [\"GATEWAY-$account\"] }/"
            streams "$account" | sed "s/.*/      { service: \"&\", accounts: [\"GATEWAY-$account\"], response_type: Stream }/"
        done
        echo "    ]"
    done
} <"$roles" | sed '/^  # Servers, not messages/,$d' >roles.conf.new

{
    for account; do
        name=$(echo "GATEWAY_${account}_PASSWORD" | tr '[:lower:]-' '[:upper:]_')
        grep -q "^$name:" passwords.conf || echo "$name: \"$(openssl rand -hex 24)\"" >>passwords.conf
        password=$(sed -n "s/^$name: \"\(.*\)\"\$/\1/p" passwords.conf)
        sed "s#://gateway:[^@]*@#://gateway-$account:$password@#g; s#^NATS_INBOX_PREFIX=.*#NATS_INBOX_PREFIX=_INBOX.gateway#" \
            gateway.env >"gateway-$account.env"
        echo "RECADO_ACCOUNT=$account" >>"gateway-$account.env"
        echo "  \"GATEWAY-$account\" {"
        echo "    users: [{ user: \"gateway-$account\", password: \$$name }]"
        echo "    imports: ["
        { subjects "$account"; streams "$account"; } | sed 's/.*/      { service: { account: RECADO, subject: "&" } }/'
        echo "    ]"
        echo "  }"
        echo
    done
    sed -n '/^  # Servers, not messages/,$p' "$roles"
} >>roles.conf.new
mv roles.conf.new roles.conf
echo "Written to $PWD: roles.conf, and an .env for each gateway. Have the servers read it: nats-server --signal reload"
