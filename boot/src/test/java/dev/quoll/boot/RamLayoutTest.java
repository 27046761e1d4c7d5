package dev.quoll.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.quoll.boot.image.MemoryMap;
import dev.quoll.machine.RamRegion;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RamLayoutTest {
    private static long toldRam(RamLayout layout) {
        return layout.map().ranges().stream()
                .filter(range -> range.type() == MemoryMap.Type.RAM)
                .mapToLong(MemoryMap.Range::size)
                .sum();
    }

    private static boolean backed(RamLayout layout, long start, long size) {
        return layout.regions().stream()
                .anyMatch(region -> start >= region.guestAddress() && start + size <= region.end());
    }

    /** Whatever the size: what the kernel is told is RAM is RAM, and nothing lies where devices do. */
    @Test
    void everySizeIsConsistent() {
        long seed = System.nanoTime();
        System.out.println("RamLayoutTest seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 2000; round++) {
            long bytes = random.nextLong(RamLayout.MINIMUM, 1L << random.nextInt(22, 40)) & -4096;
            RamLayout layout = RamLayout.of(Math.max(bytes, RamLayout.MINIMUM));
            for (MemoryMap.Range range : layout.map().ranges()) {
                if (range.type() == MemoryMap.Type.RAM) {
                    assertThat(backed(layout, range.start(), range.size())).as("%s of %d", range, bytes).isTrue();
                }
            }
            assertThat(Math.max(bytes, RamLayout.MINIMUM) - toldRam(layout))
                    .as("only the hole below 1 MiB is missing")
                    .isEqualTo(BoardMap.BIOS_END - BoardMap.EXTENDED_BIOS_DATA);
            assertThat(layout.pciWindow64()).isGreaterThanOrEqualTo(layout.end());
            List<RamRegion> regions = layout.regions();
            for (int index = 1; index < regions.size(); index++) {
                RamRegion before = regions.get(index - 1);
                assertThat(regions.get(index).offset()).isGreaterThanOrEqualTo(before.offset() + before.size());
            }
            for (long device : new long[] {
                BoardMap.PCI_WINDOW_32, BoardMap.ECAM, BoardMap.IO_APIC, BoardMap.LOCAL_APIC, BoardMap.KVM_PAGES
            }) {
                assertThat(backed(layout, device, 1)).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4096, (2 << 20) - 4096, (2 << 20) + 1, (512L << 30) + 4096, Long.MAX_VALUE, -4096})
    void refusesWhatTheBoardCannotHave(long bytes) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PcBuilder().memory(bytes))
                .withMessageContaining("2 MiB to 512 GiB");
    }
}
