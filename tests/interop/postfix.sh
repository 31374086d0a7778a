#!/bin/bash
# A Postfix of its own for tests, on loopback and free high ports, everything below one folder.
#
#   postfix.sh start FOLDER     starts it and prints SMTP_PORT, SMTPS_PORT, CA_FILE, MAILDIR as KEY=VALUE lines
#   postfix.sh stop FOLDER      stops it; the folder stays
#
# Mail for ada@example.test and j\303\266rg@example.test is put in the Maildir; other addresses are refused. TLS by
# STARTTLS and, on SMTPS_PORT, from the first byte. Needs root, postfix and openssl.
set -euo pipefail
PATH=$PATH:/usr/sbin
. "$(dirname "$0")/common.sh"
command=${1:-}
folder=${2:-}
if [ -z "$folder" ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi

user=nobody
joerg=$(printf 'j\303\266rg')

# configure FIRST_PORT
configure() {
  cat >"$folder/conf/main.cf" <<END
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/mail.log
maillog_file_prefixes = $folder
myhostname = mail.example.test
smtpd_banner = mail.example.test ESMTP, of $folder
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
message_size_limit = 1048576
virtual_mailbox_domains = example.test
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = inline:{ {ada@example.test=Maildir/}, {$joerg@example.test=Maildir/} }
virtual_uid_maps = static:$(id -u "$user")
virtual_gid_maps = static:$(id -g "$user")
virtual_minimum_uid = 1
virtual_transport = virtual:
default_transport = error:5.1.2 mail for other hosts stays here
relay_transport = error:5.1.2 mail for other hosts stays here
smtpd_tls_security_level = may
smtpd_tls_cert_file = $folder/server.pem
smtpd_tls_key_file = $folder/server.key
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_error_sleep_time = 0
END
  cat >"$folder/conf/master.cf" <<END
127.0.0.1:$1        inet n - n - - smtpd
127.0.0.1:$(($1 + 1)) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup   unix n - n 60   1 pickup
cleanup  unix n - n -    0 cleanup
qmgr     unix n - n 300  1 qmgr
tlsmgr   unix - - n 1000 1 tlsmgr
rewrite  unix - - n -    - trivial-rewrite
bounce   unix - - n -    0 bounce
defer    unix - - n -    0 bounce
trace    unix - - n -    0 bounce
proxymap unix - - n -    - proxymap
error    unix - - n -    - error
retry    unix - - n -    - error
virtual  unix - n n -    - virtual
anvil    unix - - n -    1 anvil
postlog  unix-dgram n - n - 1 postlogd
END
}

# is_up FIRST_PORT: this Postfix, and no other one.
is_up() { greets "$1" "of $folder" && answers $(($1 + 1)); }

start() {
  local port
  mkdir -p "$folder"/{conf,queue,data,mail}
  folder=$(cd "$folder" && pwd)
  make_authority
  sign server localhost "subjectAltName=DNS:localhost"
  chmod 755 "$folder"
  chown postfix "$folder/data"
  chown "$user" "$folder/mail"
  # Somebody else may take a port that was free a moment ago: Postfix then starts, and ends at once.
  for attempt in 1 2 3 4 5; do
    port=$(free_ports 2)
    configure "$port"
    postfix -c "$folder/conf" start >"$folder/start.log" 2>&1 || { cat "$folder/start.log" >&2; exit 1; }
    for _ in $(seq 50); do
      ! is_up "$port" || break 2
      sleep 0.1
    done
    stop
    [ "$attempt" -lt 5 ] || { cat "$folder/mail.log" >&2; exit 1; }
  done
  printf 'SMTP_PORT=%s\nSMTPS_PORT=%s\nCA_FILE=%s\nMAILDIR=%s\n' \
    "$port" $((port + 1)) "$folder/ca.pem" "$folder/mail/Maildir"
}

stop() { end_process "$folder/queue/pid/master.pid"; }

case $command in
  start) start ;;
  stop) stop ;;
  *) exit 2 ;;
esac
