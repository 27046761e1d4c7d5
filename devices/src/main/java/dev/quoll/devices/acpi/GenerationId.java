package dev.quoll.devices.acpi;

import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import java.util.function.Supplier;
import java.util.UUID;

/**
 * The virtual machine generation id: 16 random bytes in guest memory that change when the machine becomes another one, so that its
 * random numbers and unique ids do not repeat those of its twin (Microsoft, Virtual Machine Generation ID, 2012). A reset and a pause
 * change nothing; a restore from a saved state and a fork do, by {@link #renew}.
 *
 * <p>Threat: the guest may overwrite its copy and fools only itself; the id is written again from here at each change.
 */
public final class GenerationId implements Device<GenerationId.State> {
    /** Bytes of the id in guest memory. */
    public static final int LENGTH = 16;

    private final GuestMemory memory;
    private final long address;
    private final InterruptLine changed;
    private final Supplier<UUID> source;
    private UUID id;

    /** @param high most significant 8 bytes of the id @param low the others */
    public record State(long high, long low) {}

    /**
     * @param address guest-physical place of the id
     * @param changed pulsed at each change, for the event device
     * @param source of ids, random but in tests
     */
    public GenerationId(GuestMemory memory, long address, InterruptLine changed, Supplier<UUID> source) {
        this.memory = memory;
        this.address = address;
        this.changed = changed;
        this.source = source;
        id = source.get();
    }

    @Override
    public String name() {
        return "generation-id";
    }

    /** Writes the id to guest memory: at a start, when memory has been made anew. */
    public synchronized void place() {
        // The format is that of a GUID: the first three fields little endian, the rest as it stands.
        memory.writeInt(address, (int) (id.getMostSignificantBits() >>> 32));
        memory.writeShort(address + 4, (short) (id.getMostSignificantBits() >>> 16));
        memory.writeShort(address + 6, (short) id.getMostSignificantBits());
        memory.writeLong(address + 8, Long.reverseBytes(id.getLeastSignificantBits()));
    }

    /** Takes a new id and tells the guest. */
    public void renew() {
        synchronized (this) {
            id = source.get();
            place();
        }
        changed.pulse();
    }

    /** The id now. */
    public synchronized UUID id() {
        return id;
    }

    @Override
    public void reset() {
        // The machine stays the same one over a reset; its loader places the id again.
    }

    @Override
    public synchronized State save() {
        return new State(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    @Override
    public synchronized void restore(State state) {
        id = new UUID(state.high, state.low);
        place();
    }
}
