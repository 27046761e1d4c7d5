package dev.quoll.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.image.BootDescriptors;
import dev.quoll.machine.CpuElement.Segment;
import org.junit.jupiter.api.Test;

class CpuEntryTest {
    /** Examples worked out by hand from SDM vol. 3, figure 3-8. */
    @Test
    void hiddenPartsAreTheDescriptors() {
        assertThat(CpuEntry.segment(0x10, BootDescriptors.CODE64)).isEqualTo(new Segment(0x10, 0, 0xffffffffL, 0xa09b));
        assertThat(CpuEntry.segment(0x10, BootDescriptors.CODE32)).isEqualTo(new Segment(0x10, 0, 0xffffffffL, 0xc09b));
        assertThat(CpuEntry.segment(0x18, BootDescriptors.DATA)).isEqualTo(new Segment(0x18, 0, 0xffffffffL, 0xc093));
        assertThat(CpuEntry.segment(0x08, BootDescriptors.TASK)).isEqualTo(new Segment(0x08, 0, 0x67, 0x008b));
        assertThat(CpuEntry.segment(0x28, 0x12_4f_93_345678_9abcL << 0))
                .isEqualTo(new Segment(0x28, 0x12345678L, 0xf9abcL, 0x4093));
    }
}
