package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Function;

/**
 * A driver that does what the bytes of a fuzzer say: registers in any order, rings in any state, requests of any content, all while
 * the device works. Whatever it did, a reset afterwards makes the device serve an honest driver again.
 */
public final class HostileDriver implements AutoCloseable {
    private static final int REGISTERS = 0x4000;
    private static final int COMMAND = 4;
    private static final int FIRST_CAPABILITY = 0x40;

    private final TestDriver driver;
    private final PciDriverTransport transport;
    private final int queues;

    /** A request that an honest driver may make. */
    @FunctionalInterface
    public interface HonestRequest {
        /** Makes it; an error or a wait without end fails the test. */
        void make(TestDriver driver) throws InterruptedException;
    }

    public HostileDriver(Function<GuestMemory, ? extends VirtioDevice<?>> make, int queues) {
        driver = new TestDriver(make, true);
        transport = (PciDriverTransport) driver.transport();
        this.queues = queues;
    }

    /** Carries out the script, then resets the device and makes an honest request. */
    public void run(byte[] input, HonestRequest honest) throws InterruptedException {
        ByteBuffer script = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        transport.setUp();
        driver.start(input.length > 0 && (input[0] & 1) != 0 ? -1 : ~VirtioFeature.mask(VirtioFeature.PACKED_RING));
        while (script.remaining() >= 8) {
            step(script);
        }
        transport.setUp();
        driver.start();
        honest.make(driver);
    }

    private void step(ByteBuffer script) {
        int action = script.get() & 0xf;
        int place = script.get() & 0xff;
        short value = script.getShort();
        int more = script.getInt();
        TestQueue queue = driver.queue(place % queues);
        switch (action) {
            case 0 -> transport.poke(place % 0x40, 1 << (value & 3), more);
            case 1 -> transport.poke(value & REGISTERS - 1, 1 << (place & 3), more);
            case 2 -> driver.memory().writeInt(queue.descriptors() + (value & 0xff) * 4, more);
            case 3 -> driver.memory().writeInt(queue.driverArea() + (value & 0x1f) * 4, more);
            case 4 -> driver.memory().writeInt(queue.deviceArea() + (value & 0x1f) * 4, more);
            case 5 -> transport.setConfig(FIRST_CAPABILITY + place % 0xc0 & -4, 4, more);
            case 6 -> transport.setConfig(COMMAND, 2, value & 0x406 | (place & 3));
            case 7, 8 -> queue.kick();
            default -> submit(queue, action, value, more);
        }
    }

    /** A well-formed chain with whatever content, while there is room. */
    private static void submit(TestQueue queue, int action, short value, int more) {
        byte[] content = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(more & 0xf)
                .putInt(more)
                .putLong(value)
                .array();
        if (queue.free() >= 2) {
            queue.submit(content, 1 + (value & 0xfff) * (action & 1));
        }
    }

    @Override
    public void close() {
        driver.close();
    }
}
