package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.RamRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** RAM that changes its place and its kind while the guest runs. */
@RequiresKvm
@Timeout(60)
class MemorySlotsTest {
    private static final int SWITCH = 0x100;
    private static final long WINDOW = 0xd_0000;
    /** Memory of the window; what it shows while it is ROM lies 64 KiB above. */
    private static final RamRegion LOW = new RamRegion(0, WINDOW, 0);
    private static final RamRegion RAM_WINDOW = new RamRegion(WINDOW, 0x1_0000, WINDOW);
    private static final RamRegion ROM_WINDOW = new RamRegion(WINDOW, 0x1_0000, WINDOW + 0x1_0000, false);
    private static final RamRegion HIGH = new RamRegion(0x10_0000, 0x10_0000, 0x10_0000);

    private static void onSwitch(BareGuest guest, List<RamRegion> map) {
        guest.machine.ports().register(SWITCH, 1, AccessWidths.BYTE, new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                return 0;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                guest.machine.memory().remap(map);
            }
        });
    }

    @Test
    void aRegionBecomesReadOnlyMemoryUnderARunningGuest() throws Exception {
        // mov edx, 100h; mov byte [0d0000h], 11h; out dx, al; mov al, [0d0000h]; out 0e9h, al;
        // mov byte [0d0000h], 33h; mov al, [0d0000h]; out 0e9h, al; cli; hlt
        try (BareGuest guest = BareGuest.wide(1, """
                ba 00 01 00 00  c6 04 25 00 00 0d 00 11  ee  8a 04 25 00 00 0d 00  e6 e9
                c6 04 25 00 00 0d 00 33  8a 04 25 00 00 0d 00  e6 e9  fa f4""")) {
            var writes = new ConcurrentLinkedQueue<Long>();
            guest.machine.mmio().register(WINDOW, 0x1000, new AccessWidths(1, 8), new MmioDevice() {
                @Override
                public long readMmio(long offset, int width) {
                    throw new AssertionError("read-only memory is read without the bus");
                }

                @Override
                public void writeMmio(long offset, int width, long value) {
                    writes.add(value);
                }
            });
            guest.machine.memory().writeByte(WINDOW + 0x1_0000, (byte) 0x22);
            onSwitch(guest, List.of(LOW, ROM_WINDOW, HIGH));
            guest.run();
            assertThat(guest.output).containsExactly(0x22, 0x22);
            assertThat(writes).containsExactly(0x33L);
        }
    }

    @Test
    void writtenPagesOfARegionThatGoesAreTold() throws Exception {
        // mov edx, 100h; mov byte [0d0000h], 11h; mov byte [100000h], 11h; out dx, al; mov byte [101000h], 11h; cli; hlt
        for (String writeLog : List.of("bitmap", "ring")) {
            try (BareGuest guest = BareGuest.wide(
                    1,
                    "ba 00 01 00 00  c6 04 25 00 00 0d 00 11  c6 04 25 00 00 10 00 11  ee  c6 04 25 00 10 10 00 11  fa f4",
                    "write-log",
                    writeLog)) {
                onSwitch(guest, List.of(LOW, ROM_WINDOW, HIGH));
                DirtyLog log = guest.machine.partition().dirtyLog().orElseThrow();
                log.start();
                guest.run();
                List<String> pages = new ArrayList<>();
                log.collect((address, length) -> {
                    if (address >= WINDOW) {
                        pages.add("%x+%x".formatted(address, length));
                    }
                });
                assertThat(pages).as(writeLog).containsExactly("d0000+1000", "100000+2000");
            }
        }
    }

    @Test
    void slotsAreUsedAgain() throws Exception {
        try (BareGuest guest = BareGuest.wide(1, "fa f4")) {
            for (int i = 0; i < 100; i++) {
                guest.machine.memory().remap(List.of(LOW, i % 2 == 0 ? ROM_WINDOW : RAM_WINDOW, HIGH));
            }
            MemorySlots slots = (MemorySlots) guest.machine.partition().dirtyLog().orElseThrow();
            assertThat(slots.slots()).hasSizeLessThanOrEqualTo(4).contains(LOW, RAM_WINDOW, HIGH);
        }
    }
}
