package dev.quoll.boot.image;

import dev.quoll.boot.image.MemoryMap.Range;
import dev.quoll.boot.image.MemoryMap.Type;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/** Small hand-made images, and guests to load them into. */
final class Images {
    static final long RAM = 64L << 20;
    static final long LINKED_AT = 0xffffffff81000000L;
    static final int PHYSICAL = 0x1000000;
    static final int TEXT_OFFSET = 0x1000;
    static final int TEXT_SIZE = 0x2000;

    private Images() {}

    static MemoryMap map(long ram) {
        return new MemoryMap(List.of(
                new Range(0, 0x9fc00, Type.RAM),
                new Range(0x9fc00, 0x400, Type.RESERVED),
                new Range(0x100000, ram - 0x100000, Type.RAM)));
    }

    static GuestMemory memory(long ram) throws IOException {
        return GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, ram, 0)));
    }

    /** An ELF executable with one segment of {@link #TEXT_SIZE} bytes at {@link #PHYSICAL}, followed by 0x1000 zero bytes in memory. */
    static byte[] elf64(Consumer<ByteBuffer> text) {
        ByteBuffer elf = ByteBuffer.allocate(TEXT_OFFSET + TEXT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        elf.putLong(24, PHYSICAL + 0x40).putLong(32, 64);
        elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
        elf.putInt(64, 1).putInt(68, 7).putLong(72, TEXT_OFFSET).putLong(80, LINKED_AT).putLong(88, PHYSICAL);
        elf.putLong(96, TEXT_SIZE).putLong(104, TEXT_SIZE + 0x1000).putLong(112, 0x1000);
        text.accept(elf.slice(TEXT_OFFSET, TEXT_SIZE).order(ByteOrder.LITTLE_ENDIAN));
        return elf.array();
    }

    static byte[] elf32(Consumer<ByteBuffer> text) {
        ByteBuffer elf = ByteBuffer.allocate(TEXT_OFFSET + TEXT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).put(6, (byte) 1);
        elf.putShort(16, (short) 2).putShort(18, (short) 3).putInt(20, 1);
        elf.putInt(24, PHYSICAL + 0x40).putInt(28, 52);
        elf.putShort(40, (short) 52).putShort(42, (short) 32).putShort(44, (short) 1);
        elf.putInt(52, 1).putInt(56, TEXT_OFFSET).putInt(60, PHYSICAL).putInt(64, PHYSICAL);
        elf.putInt(68, TEXT_SIZE).putInt(72, TEXT_SIZE + 0x1000).putInt(76, 7).putInt(80, 0x1000);
        text.accept(elf.slice(TEXT_OFFSET, TEXT_SIZE).order(ByteOrder.LITTLE_ENDIAN));
        return elf.array();
    }

    /** A 64-bit ELF kernel with a PVH note that names {@code entry}. */
    static byte[] pvh(int entry) {
        byte[] elf = elf64(text -> {
            text.putInt(0x100, 4).putInt(0x104, 4).putInt(0x108, 18).put(0x10c, "Xen\0".getBytes(StandardCharsets.US_ASCII));
            text.putInt(0x110, entry);
        });
        ByteBuffer b = ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN);
        b.putShort(56, (short) 2);
        b.putInt(120, 4).putLong(128, TEXT_OFFSET + 0x100).putLong(152, 0x14).putLong(160, 0x14);
        return elf;
    }

    static void multibootHeader(ByteBuffer at, int offset, int flags, int... addresses) {
        at.putInt(offset, 0x1badb002).putInt(offset + 4, flags).putInt(offset + 8, -(0x1badb002 + flags));
        for (int i = 0; i < addresses.length; i++) {
            at.putInt(offset + 12 + 4 * i, addresses[i]);
        }
    }

    /** A bzImage of boot protocol 2.15 around a packed payload; the decompressor's code is all 0xf4. */
    static byte[] bzImage(boolean is64, byte[] payload) {
        int setup = 5 * 512;
        int payloadAt = 0x400;
        int size = payloadAt + payload.length + 15 & ~15;
        ByteBuffer b = ByteBuffer.allocate(setup + size).order(ByteOrder.LITTLE_ENDIAN);
        b.put(0x1f1, (byte) 4).putInt(0x1f4, size / 16).putShort(0x1fe, (short) 0xaa55);
        b.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
        b.putShort(0x20e, (short) 0x300).put(0x211, (byte) 1).putInt(0x214, 0x100000).putInt(0x22c, 0x7fffffff);
        b.putInt(0x230, 0x200000).put(0x234, (byte) 1).put(0x235, (byte) 21).putShort(0x236, (short) (is64 ? 1 : 0)).putInt(0x238, 2047);
        b.putInt(0x248, payloadAt).putInt(0x24c, payload.length).putLong(0x258, PHYSICAL).putInt(0x260, 0x400000);
        b.put(0x500, "6.1.0-test (me)\0".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < payloadAt; i++) {
            b.put(setup + i, (byte) 0xf4);
        }
        b.put(setup + payloadAt, payload);
        return b.array();
    }
}
