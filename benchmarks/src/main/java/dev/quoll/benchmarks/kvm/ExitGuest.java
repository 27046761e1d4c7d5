package dev.quoll.benchmarks.kvm;

import java.util.HexFormat;

/**
 * A guest that leaves KVM in one way, again and again: real mode code at {@link #CODE}, with ES at the local APIC and FS at a
 * page of device memory, as the loops in Java and C set them up. It ends with a write to port {@link #STOP}.
 */
enum ExitGuest {
    /** out 0e9h, al. */
    PORT("port", "", "e6 e9"),
    /** mov fs:[0], al. */
    MMIO("mmio", "", "64 a2 00 00"),
    /** mov fs:[10h], ax. */
    IOEVENTFD("ioeventfd", "", "64 a3 10 00"),
    /** mov dword es:[300h], 40040h: an interrupt to itself; sti; hlt; cli. */
    HLT("hlt", ExitGuest.ENABLE_APIC, "26 66 c7 06 00 03 40 00 04 00  fb f4 fa"),
    /** Rings, and halts until it is answered by an interrupt: mov fs:[10h], ax; sti; hlt; cli. */
    ROUND_TRIP("ioeventfd, irqfd, hlt", ExitGuest.ENABLE_APIC, "64 a3 10 00  fb f4 fa");

    static final long CODE = 0x8000;
    static final long HANDLER = 0x9000;
    static final int VECTOR = 0x40;
    static final int PORT_NUMBER = 0xe9;
    static final int STOP = 0xf4;
    static final long DEVICE = 0xd000_0000L;
    static final long DOORBELL = DEVICE + 0x10;
    static final int DOORBELL_WIDTH = 2;
    static final long APIC = 0xfee0_0000L;
    /** mov dword es:[0b0h], 0; iret. */
    static final String HANDLER_CODE = "26 66 c7 06 b0 00 00 00 00 00 cf";

    /** mov dword es:[0f0h], 1ffh. */
    private static final String ENABLE_APIC = "26 66 c7 06 f0 00 ff 01 00 00";

    private final String title;
    private final String before;
    private final String body;

    ExitGuest(String title, String before, String body) {
        this.title = title;
        this.before = before;
        this.body = body;
    }

    String title() {
        return title;
    }

    /**
     * The code that goes round {@code count} times, and when it is run again does the same again: start: before; mov ecx, count;
     * again: body; loop again; out 0f4h, al; jmp start.
     */
    byte[] code(int count) {
        int again = -(bytes(body).length + 3);
        int start = -(bytes(before).length + 6 + bytes(body).length + 3 + 2 + 3);
        return bytes("%s 66 b9 %08x %s 67 e2 %02x e6 f4 e9 %04x"
                .formatted(before, Integer.reverseBytes(count), body, again & 0xff, Short.reverseBytes((short) start)));
    }

    static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
