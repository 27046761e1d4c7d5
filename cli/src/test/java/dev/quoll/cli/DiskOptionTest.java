package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.host.RateLimiter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskOptionTest {
    @Test
    void aFileAloneIsEnough() {
        DiskOption option = DiskOption.parse("a=b.img");
        assertThat(option.image().path()).isEqualTo(Path.of("a=b.img"));
        assertThat(option.image().readOnly()).isFalse();
        assertThat(option.image().format()).isEmpty();
        assertThat(option.queues()).isEqualTo(1);
        assertThat(option.limits()).isEqualTo(RateLimiter.Limits.NONE);
    }

    @Test
    void everyWordCounts() {
        DiskOption option =
                DiskOption.parse("one,,two.img,readonly,format=qcow2,serial=S 1,queues=4,bps=20M,iops=1000,cache=none");
        assertThat(option.image().path()).isEqualTo(Path.of("one,two.img"));
        assertThat(option.image().readOnly()).isTrue();
        assertThat(option.image().direct()).isTrue();
        assertThat(option.image().format()).contains(ImageFormat.QCOW2);
        assertThat(option.serial()).isEqualTo("S 1");
        assertThat(option.queues()).isEqualTo(4);
        assertThat(option.limits()).isEqualTo(new RateLimiter.Limits(20 << 20, 1000));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "d,writable         | does not know \"writable\"",
                "d,size=3           | does not know \"size\"",
                "d,iops=1,iops=2    | has \"iops\" twice",
                "d,format=vhd       | no image format \"vhd\"",
                "d,queues=0         | 1 to 64 queues",
                "d,queues=x         | queues is a number",
                "d,bps=-1           | bps is a number",
                "d,cache=sometimes  | cache is writeback or none",
                "d,serial=123456789012345678901 | at most 20",
            })
    void mistakesAreTold(String text, String sentence) {
        assertThatThrownBy(() -> DiskOption.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }
}
