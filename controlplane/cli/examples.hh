// SPDX-License-Identifier: Apache-2.0
// What --help shows below each command: commands that work as they stand.
#pragma once

namespace guideway::examples {

inline constexpr const char* top =
    "Exit status: 0 done, 1 refused or failed, 2 the command line is wrong, 3 guidewayd cannot be reached.\n\n"
    "Examples:\n"
    "  guideway status\n"
    "  guideway service add web --address 192.0.2.10 --port 80 --backend 10.0.0.1 --backend 10.0.0.2\n"
    "  guideway backend drain web 10.0.0.2\n"
    "  guideway explain tcp 203.0.113.7:40000 192.0.2.10:80";
inline constexpr const char* status = "Examples:\n  guideway status\n  guideway status --json | jq .backends_up";
inline constexpr const char* service = "Examples:\n  guideway service list\n  guideway service add --help";
inline constexpr const char* service_list = "Examples:\n  guideway service list\n  guideway service list --json";
inline constexpr const char* service_show = "Examples:\n  guideway service show web";
inline constexpr const char* service_add =
    "A backend is ADDRESS[:CHECKPORT] and any of ,name= ,weight= ,mac= ,vlan= ,port= ,forward= ,gue_variant= "
    ",gue_port= "
    ",gre_key= ,mss_clamp= ,state=\n"
    "A check is tcp, http:/path, redis, memcached, smtp or none and any of ,interval= ,timeout= ,rise= ,fall= ,port= "
    ",status= ,host= "
    ",jitter_percent=\n\n"
    "Examples:\n"
    "  guideway service add web --address 192.0.2.10 --address 2001:db8::10 --port 80 \\\n"
    "      --backend 10.0.0.1 --backend 10.0.0.2,weight=5 --check http:/healthz,interval=1s\n"
    "  guideway service add dns --address 192.0.2.53 --port 53 --protocol udp --backend 10.0.0.53\n"
    "  guideway service add web-tls --address 192.0.2.10 --port 443 --pool web\n"
    "  guideway service add games --address 198.18.0.0/24 --port 8000-8100 --protocol tcp+udp --scheduler source \\\n"
    "      --forward gue --check tcp,port=8000 --backend 10.0.1.1 --deny 203.0.113.0/24 --when-none reject";
inline constexpr const char* service_remove =
    "Refused while the service has enabled backends, unless forced.\n\n"
    "Examples:\n  guideway service remove web\n  guideway service remove web --force";
inline constexpr const char* backend =
    "A backend is named POOL NAME or POOL/NAME; a service that lists its backends has a pool of its own name, and a\n"
    "backend that was given no name is named by its address.\n\n"
    "Examples:\n  guideway backend list\n  guideway backend drain web 10.0.0.2";
inline constexpr const char* backend_list = "Examples:\n  guideway backend list\n  guideway backend list web --json";
inline constexpr const char* backend_add =
    "What is not given, the pool says.\n\n"
    "Examples:\n"
    "  guideway backend add web 10.0.0.3\n"
    "  guideway backend add web 10.0.0.4:8080 --name web-4 --weight 5 --check http:/ready\n"
    "  guideway backend add web 10.1.0.5 --forward gre --gre-key 7 --mss-clamp";
inline constexpr const char* backend_remove =
    "Drains first: established flows stay until they end. With --force they are chosen again at once.\n\n"
    "Examples:\n  guideway backend remove web 10.0.0.2\n  guideway backend remove web/10.0.0.2 --force";
inline constexpr const char* backend_drain =
    "Established flows stay, no new ones come.\n\nExamples:\n  guideway backend drain web 10.0.0.2";
inline constexpr const char* backend_enable = "Examples:\n  guideway backend enable web 10.0.0.2";
inline constexpr const char* backend_disable =
    "As if it were down: its flows are chosen again at once. To let them end, drain instead.\n\n"
    "Examples:\n  guideway backend disable web 10.0.0.2";
inline constexpr const char* backend_weight =
    "From 0 to 65535. No flow of another backend moves.\n\n"
    "Examples:\n  guideway backend weight web 10.0.0.2 5\n  guideway backend weight web/10.0.0.2 5";
inline constexpr const char* config =
    "Examples:\n  guideway config check /etc/guideway/guideway.toml\n  guideway config apply "
    "/etc/guideway/guideway.toml";
inline constexpr const char* config_show = "Examples:\n  guideway config show";
inline constexpr const char* config_check =
    "Needs no guidewayd. Every mistake is one line: file:line: key: what is wrong and what to write.\n\n"
    "Examples:\n  guideway config check /etc/guideway/guideway.toml";
inline constexpr const char* config_diff =
    "Compares with what runs, or with a second file, which needs no guidewayd.\n\n"
    "Examples:\n  guideway config diff /etc/guideway/guideway.toml\n  guideway config diff new.toml --from old.toml";
inline constexpr const char* config_apply =
    "All or nothing. The file is read by guidewayd.\n\n"
    "Examples:\n  guideway config apply /etc/guideway/guideway.toml";
inline constexpr const char* explain =
    "Examples:\n"
    "  guideway explain tcp 203.0.113.7:40000 192.0.2.10:80\n"
    "  guideway explain udp [2001:db8::7]:40000 [2001:db8::53]:53 --json";
inline constexpr const char* stats = "Examples:\n  guideway stats\n  guideway stats --all";
inline constexpr const char* replay =
    "Deterministic; needs no guidewayd, no root and no NIC.\n\n"
    "Examples:\n  guideway replay --config guideway.toml --in in.pcap --out out.pcap\n"
    "  guideway replay --config guideway.toml --in in.pcap --out out.pcap --kernel kernel.pcap --counters counters.txt";

}  // namespace guideway::examples
