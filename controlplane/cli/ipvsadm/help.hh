// SPDX-License-Identifier: Apache-2.0
// What -h prints.
#pragma once

#include <string_view>

namespace guideway::ipvsadm {

inline constexpr std::string_view help_text = R"(Guideway, spoken to in the words of ipvsadm 1.31 (docs/ipvsadm.md)
Usage:
  ipvsadm -A|E virtual-service [-s scheduler] [-p [-M netmask]] [-b sched-flags] [-o]
  ipvsadm -D virtual-service
  ipvsadm -C
  ipvsadm [-C] -R
  ipvsadm -S [-n]
  ipvsadm -a|e virtual-service -r server-address [options]
  ipvsadm -d virtual-service -r server-address
  ipvsadm -L|l [virtual-service] [options]
  ipvsadm -Z [virtual-service]
  ipvsadm --set tcp tcpfin udp
  ipvsadm -h
The daemon's socket is /run/guideway/api.sock, or what GUIDEWAY_API says.

Commands:
  --add-service     -A        add a virtual service
  --edit-service    -E        edit a virtual service
  --delete-service  -D        delete a virtual service with its servers
  --clear           -C        delete all services
  --restore         -R        commands from standard input, as one transaction; with -C in place of what there is
  --save            -S        print commands that -R takes
  --add-server      -a        add a real server
  --edit-server     -e        edit a real server
  --delete-server   -d        delete a real server; its flows end in their own time
  --list            -L|-l     list
  --zero            -Z        begin to count anew
  --set tcp tcpfin udp        timeouts of all services in seconds; 0: as it is
virtual-service:
  --tcp-service|-t  host:port
  --udp-service|-u  host:port
Options:
  --scheduler    -s scheduler  mh (maglev), sh (source), rr|wrr (round-robin), lc|wlc (least-connections, the
                               default), random
  --persistent   -p            with -s sh: a client stays with its server
  --netmask      -M netmask    with -p: clients of a network stay together
  --sched-flags  -b flags      mh-port, mh-fallback with mh; sh-fallback with sh: what they do anyway
  --ops          -o            one-packet scheduling, UDP only
  --real-server  -r host[:port]
  --gatewaying   -g            to the server's MAC address (the default)
  --ipip         -i            through a tunnel
  --tun-type     type          ipip (the default), gue or gre
  --tun-port     port          with gue
  --tun-nocsum                 with gue and gre: what they do anyway
  --weight       -w weight     0 to 65535; 0: drained, no new flows
  --u-threshold  -x 0          none, and --l-threshold -y 0; others are refused
  --stats | --rate             counts, or what comes in a second
  --thresholds | --persistent-conn | --tun-info | --timeout
  --exact                      numbers whole
  --numeric      -n            addresses and ports by number
  --sort | --nosort
)";

}  // namespace guideway::ipvsadm
