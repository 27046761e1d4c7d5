package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.net.MacAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetOptionTest {
    @Test
    void readsAllSettings() {
        NetOption option = NetOption.parse("user,hostfwd=tcp::2222-:22,hostfwd=udp:127.0.0.1:53-192.168.7.20:53,"
                + "net=192.168.7.0/24,dns=127.0.0.1:5353,restrict=on,mtu=9000,mac=52:54:00:01:02:03,queues=2,"
                + "pcap=/tmp/a.pcap,tx-bps=1M,rx-pps=500");
        assertThat(option.mac()).contains(MacAddress.parse("52:54:00:01:02:03"));
        assertThat(option.capture()).contains(Path.of("/tmp/a.pcap"));
        assertThat(option.fromGuest().bytesPerSecond()).isEqualTo(1 << 20);
        assertThat(option.toGuest().operationsPerSecond()).isEqualTo(500);
        NetOption.Wire.User user = (NetOption.Wire.User) option.wire();
        assertThat(user.options().forwards()).hasToString("[tcp::2222-:22, udp:127.0.0.1:53-192.168.7.20:53]");
        assertThat(user.options().net()).hasToString("192.168.7.0/24");
        assertThat(user.options().restricted()).isTrue();
        assertThat(user.options().mtu()).isEqualTo(9000);
        assertThat(NetOption.parse("tap,ifname=tap7").wire()).isEqualTo(new NetOption.Wire.Tap("tap7", 1500));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "bridge | user or tap",
        "tap | needs the interface's name",
        "tap,ifname=t,dns=1.1.1.1 | does not know \"dns\"",
        "user,ifname=t | does not know \"ifname\"",
        "user,restrict | does not know \"restrict\"",
        "user,restrict=yes | restrict is on or off",
        "user,hostfwd=2222-22 | is not a forwarding such as",
        "user,hostfwd=tcp::70000-:22 | is not a forwarding such as",
        "user,hostfwd=tcp::22-1.2.3.4:22 | leads to an address that no guest",
        "user,net=10.0.2.0 | is not a network such as",
        "user,net=10.0.2.1/24 | is not the address of a network",
        "user,net=10.0.2.0/30 | prefix of 8 to 27",
        "user,dns=host | is not an IPv4 address",
        "user,mtu=100 | an MTU is from",
        "user,mac=12 | is not an Ethernet address",
        "user,mac=01:00:00:00:00:00 | not an address that one card can have",
        "user,queues=99 | 1 to 16 queues",
        "user,tx-bps=fast | is a number"
    })
    void saysWhatIsWrong(String text, String sentence) {
        assertThatThrownBy(() -> NetOption.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }
}
