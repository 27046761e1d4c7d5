package dev.quoll.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Read-only memory, and maps that change. */
class GuestMemoryMapTest {
    private static final RamRegion RAM = new RamRegion(0, 0x2000, 0);
    private static final RamRegion ROM = new RamRegion(0xf000, 0x1000, 0x2000, false);
    /** The same bytes in a second place. */
    private static final RamRegion ALIAS = new RamRegion(0x1f000, 0x1000, 0x2000, false);

    private final GuestMemory memory;

    GuestMemoryMapTest() throws IOException {
        memory = GuestMemory.create(new SparseFileMemorySource(), List.of(RAM, ROM, ALIAS));
    }

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void readOnlyMemoryIsReadAndProgrammedAndTakesNoWrite() {
        List<Long> told = new ArrayList<>();
        memory.addDmaListener((address, length) -> told.add(address));
        memory.program(0xf010, new byte[] {1, 2, 3, 4}, 1, 2);
        memory.program(0xf020, new byte[100], 0, 100);
        assertThat(told).containsExactly(0xf010L, 0xf020L);
        assertThat(memory.readShort(0x1f010)).isEqualTo((short) 0x0302);
        assertThat(memory.offsetOf(0xf010)).isEqualTo(memory.offsetOf(0x1f010));
        assertThat(memory.isRam(0xf010, 1)).as("RAM is what can be written").isFalse();
        assertThatThrownBy(() -> memory.writeByte(0xf010, (byte) 9)).isInstanceOf(GuestMemoryException.class);
        assertThatThrownBy(() -> memory.write(0xf010, new byte[8])).isInstanceOf(GuestMemoryException.class);
        assertThatThrownBy(() -> memory.clear(0xf000, 8)).isInstanceOf(GuestMemoryException.class);
        assertThatThrownBy(() -> memory.slice(0xf000, 8)).isInstanceOf(GuestMemoryException.class);
        assertThatThrownBy(() -> memory.compareAndSetInt(0xf010, 0, 1)).isInstanceOf(GuestMemoryException.class);
        assertThat(memory.readByte(0xf010)).isEqualTo((byte) 2);
    }

    @Test
    void aChangedMapCountsAtOnceAndIsTold() {
        int[] changes = new int[1];
        GuestMemory.MapListener listener = () -> changes[0]++;
        memory.addMapListener(listener);
        memory.program(0xf000, new byte[] {7}, 0, 1);
        memory.remap(List.of(RAM, new RamRegion(0xf000, 0x1000, 0x1000)));
        assertThat(changes).containsExactly(1);
        assertThat(memory.readByte(0xf000)).isZero();
        memory.writeByte(0xf000, (byte) 5);
        assertThat(memory.readByte(0x1000)).as("the RAM that is seen there").isEqualTo((byte) 5);
        assertThat(memory.offsetOf(0x1f000)).isEqualTo(-1);
        memory.removeMapListener(listener);
        memory.remap(List.of(RAM, ROM));
        assertThat(changes).containsExactly(1);
        assertThat(memory.readByte(0xf000)).isEqualTo((byte) 7);
    }

    @Test
    void mapsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> memory.remap(List.of(new RamRegion(0, 0x1000, 0x3000)))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> memory.remap(List.of(RAM, new RamRegion(0x1000, 0x1000, 0)))).isInstanceOf(IllegalArgumentException.class);
        assertThat(memory.regions()).containsExactly(RAM, ROM, ALIAS);
    }
}
