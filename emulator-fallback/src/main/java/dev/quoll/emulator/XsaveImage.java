package dev.quoll.emulator;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.x87.StateArea;
import dev.quoll.emulator.x87.StateImage;
import dev.quoll.machine.XsaveComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A vCPU's XSAVE state as the bytes of {@link dev.quoll.machine.CpuElement.Xsave}. */
final class XsaveImage {
    private static final int SIZE = XsaveComponent.AVX.offset() + XsaveComponent.AVX.size();

    /** Bytes of the legacy region that hold state; software may use those behind. */
    private static final int LEGACY = 416;
    /** XSTATE_BV. */
    private static final int PRESENT = 512;

    private XsaveImage() {}

    static byte[] save(RegisterFile cpu) {
        byte[] bytes = new byte[SIZE];
        StateImage.saveAll(cpu, area(bytes));
        return bytes;
    }

    /** The state in an area that may hold more components, of which those that the CPU core does not know stay as they are. */
    static byte[] saveInto(RegisterFile cpu, byte[] area) {
        byte[] own = save(cpu);
        byte[] merged = Arrays.copyOf(area, Math.max(area.length, SIZE));
        ByteBuffer from = ByteBuffer.wrap(own).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = ByteBuffer.wrap(merged).order(ByteOrder.LITTLE_ENDIAN);
        long present = to.getLong(PRESENT) | from.getLong(PRESENT);
        System.arraycopy(own, 0, merged, 0, LEGACY);
        int upper = XsaveComponent.AVX.offset();
        System.arraycopy(own, upper, merged, upper, SIZE - upper);
        to.putLong(PRESENT, present);
        return merged;
    }

    static void restore(RegisterFile cpu, byte[] bytes) {
        if (bytes.length < XsaveComponent.LEGACY_AND_HEADER) {
            throw new IllegalArgumentException("an XSAVE area has at least %d bytes, not %d"
                    .formatted(XsaveComponent.LEGACY_AND_HEADER, bytes.length));
        }
        StateImage.restoreAll(cpu, area(Arrays.copyOf(bytes, Math.max(SIZE, bytes.length))));
    }

    private static StateArea area(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new StateArea() {
            @Override
            public long get(int offset, int size) {
                return switch (size) {
                    case 1 -> buffer.get(offset) & 0xffL;
                    case 2 -> buffer.getShort(offset) & 0xffffL;
                    case 4 -> buffer.getInt(offset) & 0xffffffffL;
                    default -> buffer.getLong(offset);
                };
            }

            @Override
            public void put(int offset, int size, long value) {
                switch (size) {
                    case 1 -> buffer.put(offset, (byte) value);
                    case 2 -> buffer.putShort(offset, (short) value);
                    case 4 -> buffer.putInt(offset, (int) value);
                    default -> buffer.putLong(offset, value);
                }
            }
        };
    }
}
