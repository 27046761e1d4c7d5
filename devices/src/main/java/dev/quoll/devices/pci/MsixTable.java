package dev.quoll.devices.pci;

import dev.quoll.devices.Bytes;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.MsiSink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * MSI-X of one function: the capability in its configuration space and one 4 KiB window with the table at 0 and the
 * pending bits at {@value #PENDING_OFFSET} (PCI Local Bus 3.0, 6.8.2). A vector that comes while it or the function is
 * masked is kept pending and sent when the mask goes.
 *
 * <p>Threat: the number of vectors is fixed; address and data come from the guest and go to the local APICs only, which
 * judge them.
 */
public final class MsixTable implements MmioDevice {
    /** Most vectors one function can have. */
    public static final int MAX_VECTORS = 128;
    /** Bytes of the window. */
    public static final int LENGTH = 0x1000;
    /** How the window is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.DWORD_TO_QWORD;

    private static final int CAPABILITY_ID = 0x11;
    private static final int CONTROL = 2;
    private static final int ENABLE = 0x8000;
    private static final int FUNCTION_MASK = 0x4000;
    private static final int PENDING_OFFSET = 0x800;
    private static final int ENTRY_LENGTH = 16;
    private static final int ENTRY_CONTROL = 12;
    private static final int MASKED = 1;

    private final PciConfigSpace config;
    private final int capability;
    private final int vectors;
    private final MsiSink sink;
    private final Object lock = new Object();
    private final ByteBuffer table;
    private final long[] pending = new long[MAX_VECTORS / Long.SIZE];

    /** @param table entries of 16 bytes @param pending one bit a vector */
    public record State(Bytes table, List<Long> pending) {
        public State {
            pending = List.copyOf(pending);
        }
    }

    /**
     * Adds the capability; before the guest runs.
     *
     * @param vectors 1 to {@link #MAX_VECTORS}
     * @param bar the BAR whose window this object is
     */
    public MsixTable(PciConfigSpace config, int vectors, int bar, MsiSink sink) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException("a function has 1 to 128 MSI-X vectors, not " + vectors);
        }
        this.config = config;
        this.vectors = vectors;
        this.sink = sink;
        table = ByteBuffer.allocate(vectors * ENTRY_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        byte[] body = ByteBuffer.allocate(10)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) (vectors - 1))
                .putInt(bar)
                .putInt(PENDING_OFFSET | bar)
                .array();
        byte[] writable = new byte[body.length];
        writable[1] = (byte) ((ENABLE | FUNCTION_MASK) >>> 8);
        capability = config.addCapability(CAPABILITY_ID, body, writable);
        config.listen(capability, capability + 4, (register, width) -> sendPending());
        maskAll();
    }

    private void maskAll() {
        for (int i = 0; i < table.capacity(); i += ENTRY_LENGTH) {
            table.putLong(i, 0).putInt(i + 8, 0).putInt(i + ENTRY_CONTROL, MASKED);
        }
    }

    /** Whether the guest uses MSI-X; when it does not, interrupts go over INTx. */
    public boolean enabled() {
        return (config.read(capability + CONTROL, 2) & ENABLE) != 0;
    }

    /** Raises a vector, 0 to the number of vectors - 1. Any thread; ignored while MSI-X is off. */
    public void signal(int vector) {
        int control = config.read(capability + CONTROL, 2);
        if ((control & ENABLE) == 0) {
            return;
        }
        long address;
        int data;
        synchronized (lock) {
            int entry = vector * ENTRY_LENGTH;
            if ((control & FUNCTION_MASK) != 0 || (table.getInt(entry + ENTRY_CONTROL) & MASKED) != 0) {
                pending[vector >>> 6] |= 1L << vector;
                return;
            }
            address = table.getLong(entry);
            data = table.getInt(entry + 8);
        }
        sink.signal(address, data);
    }

    /** Sends what waits and is no longer masked. */
    private void sendPending() {
        for (int word = 0; word < pending.length; word++) {
            long waiting;
            synchronized (lock) {
                waiting = pending[word];
                pending[word] = 0;
            }
            if (waiting != 0 && !enabled()) {
                synchronized (lock) {
                    pending[word] |= waiting;
                }
                continue;
            }
            for (long left = waiting; left != 0; left &= left - 1) {
                // A vector that is still masked becomes pending again.
                signal(word * Long.SIZE + Long.numberOfTrailingZeros(left));
            }
        }
    }

    @Override
    public long readMmio(long offset, int width) {
        int at = (int) offset;
        synchronized (lock) {
            if (at < table.capacity()) {
                return width == 8 ? table.getLong(at) : table.getInt(at);
            }
            int bit = (at - PENDING_OFFSET) * 8;
            return bit >= 0 && bit < MAX_VECTORS ? pending[bit >>> 6] >>> bit : 0;
        }
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        int at = (int) offset;
        synchronized (lock) {
            if (at >= table.capacity()) {
                return;
            }
            if (width == 8) {
                table.putLong(at, value);
            } else {
                table.putInt(at, (int) value);
            }
            int control = (at & -ENTRY_LENGTH) + ENTRY_CONTROL;
            table.putInt(control, table.getInt(control) & MASKED);
        }
        sendPending();
    }

    /** Every vector masked, nothing pending. */
    public void reset() {
        synchronized (lock) {
            maskAll();
            Arrays.fill(pending, 0);
        }
    }

    /** The state now; the capability's own registers are in the function's configuration space. */
    public State save() {
        synchronized (lock) {
            return new State(new Bytes(table.array().clone()), List.of(pending[0], pending[1]));
        }
    }

    /** Takes over a saved state. */
    public void restore(State state) {
        if (state.table.values().length != table.capacity() || state.pending.size() != pending.length) {
            throw new IllegalArgumentException("saved MSI-X table has %d bytes, this function has %d vectors"
                    .formatted(state.table.values().length, vectors));
        }
        synchronized (lock) {
            table.put(0, state.table.values());
            for (int i = 0; i < pending.length; i++) {
                pending[i] = state.pending.get(i);
            }
        }
    }
}
