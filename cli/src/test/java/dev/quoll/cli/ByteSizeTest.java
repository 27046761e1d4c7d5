package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "512, 536870912",
        "1, 1048576",
        "64k, 65536",
        "640K, 655360",
        "256M, 268435456",
        "256MiB, 268435456",
        "2G, 2147483648",
        "2gb, 2147483648",
        "1T, 1099511627776"
    })
    void reads(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1.5G", "12X", "G", "0x10", " 1", "999999999999T", "1234567890123"})
    void refusesWithTheText(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse(text)).withMessageContaining("'" + text + "'");
    }

    @Test
    void printsWhatItReads() {
        for (String text : new String[] {"1K", "640K", "512M", "3G", "2T"}) {
            assertThat(ByteSize.parse(text)).hasToString(text);
        }
    }
}
