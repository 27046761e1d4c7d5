package dev.quoll.devices.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Flash memory between the guest's commands and the memory that shows its array. */
class FlashMemoryTest {
    private static final long AT = 0x100000;
    private static final int LENGTH = 4 * FlashMemory.BLOCK;
    private static final List<RamRegion> HIDDEN = List.of(new RamRegion(0, 0x1000, 0));
    private static final List<RamRegion> SHOWN =
            List.of(new RamRegion(0, 0x1000, 0), new RamRegion(AT, LENGTH, 0x1000, false));

    private final GuestMemory memory;
    private final MmioBus bus = new MmioBus();
    private final byte[] file = new byte[LENGTH];
    private final FlashMemory flash;

    FlashMemoryTest() throws IOException {
        memory = GuestMemory.create(new SparseFileMemorySource(), SHOWN);
        new Random(9).nextBytes(file);
        flash = new FlashMemory("flash", file.clone(), memory, AT, new FlashMemory.Host() {
            @Override
            public void show(boolean array) {
                memory.remap(array ? SHOWN : HIDDEN);
            }

            @Override
            public void changed(int offset, int length) {
                System.arraycopy(flash().read(offset, length), 0, file, offset, length);
            }
        });
        bus.register(AT, LENGTH, FlashMemory.WIDTHS, flash);
    }

    private FlashMemory flash() {
        return flash;
    }

    @AfterEach
    void close() {
        memory.close();
    }

    /** As a vCPU does it: reads from memory where there is some, writes to the bus, because memory is read-only. */
    private int read(int offset) {
        return memory.offsetOf(AT + offset) >= 0 ? memory.readByte(AT + offset) & 0xff : (int) bus.read(AT + offset, 1);
    }

    private void write(int offset, int value) {
        bus.write(AT + offset, 1, value);
    }

    /** OVMF's way to tell flash from RAM and ROM (QemuFlash.c). */
    @Test
    void isTakenForFlash() {
        int original = read(5);
        write(5, 0x50);
        assertThat(read(5)).as("clearing the status leaves the array").isEqualTo(original);
        write(5, 0x70);
        assertThat(read(5)).as("a cleared status").isZero();
        write(5, 0xff);
        assertThat(read(5)).isEqualTo(original);
    }

    @Test
    void programmingClearsBitsAndErasingSetsThem() {
        int before = read(0x1234);
        write(0x1234, 0x40);
        write(0x1234, 0x3c);
        assertThat(read(0x1234)).as("status: ready").isEqualTo(0x80);
        write(0x1234, 0xff);
        assertThat(read(0x1234)).isEqualTo(before & 0x3c);
        write(0x1800, 0x20);
        write(0x1800, 0xd0);
        write(0, 0xff);
        for (int i = 0; i < FlashMemory.BLOCK; i++) {
            assertThat(read(0x1000 + i)).isEqualTo(0xff);
        }
        assertThat(file[0x1fff]).isEqualTo((byte) 0xff);
        write(0x1800, 0x20);
        write(0x1800, 0x12);
        assertThat(read(0) & 0x30).as("an erase that was not confirmed").isEqualTo(0x30);
        flash.reset();
        assertThat(read(0x1fff)).as("a reset keeps the content").isEqualTo(0xff);
    }

    @Test
    void buffersAreWrittenWhenConfirmed() {
        write(0x2000, 0x20);
        write(0x2000, 0xd0);
        write(0x2010, 0xe8);
        assertThat(read(0x2010)).isEqualTo(0x80);
        write(0x2010, 3);
        for (int i = 0; i < 4; i++) {
            write(0x2010 + i, 0x11 * (i + 1));
        }
        write(0x2010, 0xd0);
        write(0x2010, 0xff);
        assertThat(List.of(read(0x200f), read(0x2010), read(0x2013), read(0x2014))).containsExactly(0xff, 0x11, 0x44, 0xff);
    }

    @Test
    void answersTheQuery() {
        write(0x55, 0x98);
        assertThat("" + (char) read(0x10) + (char) read(0x11) + (char) read(0x12)).isEqualTo("QRY");
        assertThat(1 << read(0x27)).isEqualTo(LENGTH);
        assertThat(read(0x2d) | read(0x2e) << 8).isEqualTo(LENGTH / FlashMemory.BLOCK - 1);
        assertThat((read(0x2f) | read(0x30) << 8) * 256).isEqualTo(FlashMemory.BLOCK);
        write(0, 0x90);
        assertThat(read(0)).isEqualTo(0x89);
    }

    /** Random commands: no exception, and array, guest memory and file agree whenever the array is shown. */
    @Test
    void hostileCommands() {
        long seed = System.nanoTime();
        System.out.println("FlashMemoryTest seed " + seed);
        Random random = new Random(seed);
        int[] commands = {0x40, 0x10, 0x20, 0xe8, 0x60, 0xd0, 0x70, 0x50, 0x90, 0x98, 0xff, 0x01, 0xb0};
        for (int i = 0; i < 200_000; i++) {
            int value = random.nextInt(3) == 0 ? random.nextInt(256) : commands[random.nextInt(commands.length)];
            write(random.nextInt(LENGTH), value);
            if (i % 1000 == 0) {
                write(0, 0xff);
                write(0, 0xff);
                for (int left = 0; left < 40 && memory.offsetOf(AT) < 0; left++) {
                    write(0, 0xff);
                }
                byte[] shown = new byte[LENGTH];
                memory.read(AT, shown, 0, LENGTH);
                assertThat(shown).as("step %d", i).isEqualTo(file).isEqualTo(flash.read(0, LENGTH));
            }
        }
    }
}
