package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * A driver for tests: builds rings in guest memory and works a device through a real transport.
 *
 * <pre>{@code
 * try (TestDriver driver = new TestDriver(memory -> new VirtioEntropy(memory, ...))) {
 *     driver.start();
 *     byte[] answer = driver.queue(0).request(new byte[0], 64);
 * }
 * }</pre>
 *
 * <p>A device with its machine's timers gets them from the test. One thread at a time.
 */
public final class TestDriver implements AutoCloseable {
    private static final int MAX_RING = 256;

    private final TestMemory room = new TestMemory();
    private final DriverTransport transport;
    private final List<String> notices = Collections.synchronizedList(new ArrayList<>());
    private final List<TestQueue> queues = new ArrayList<>();
    private final int queueCount;
    private long features;

    /** Over PCI, with split rings. */
    public TestDriver(Function<GuestMemory, ? extends VirtioDevice<?>> make) {
        this(make, false);
    }

    /** Over PCI. @param packed whether packed rings are offered, and then used */
    public TestDriver(Function<GuestMemory, ? extends VirtioDevice<?>> make, boolean packed) {
        this(make, packed, PciDriverTransport::new);
    }

    TestDriver(Function<GuestMemory, ? extends VirtioDevice<?>> make, boolean packed, DriverTransport.Maker over) {
        VirtioDevice<?> device = make.apply(room.memory());
        queueCount = device.queues();
        transport = over.make(device, room.memory(), packed, notices::add);
    }

    /** Over virtio-mmio. */
    public static TestDriver overMmio(Function<GuestMemory, ? extends VirtioDevice<?>> make) {
        return new TestDriver(make, false, MmioDriverTransport::new);
    }

    /** Resets the device, takes every feature offered, and enables all queues. */
    public TestDriver start() {
        return start(-1);
    }

    /** The same with those features only that are in the mask, and {@code VERSION_1}. */
    public TestDriver start(long wanted) {
        negotiate(wanted);
        for (int i = 0; i < queueCount; i++) {
            int size = Math.min(MAX_RING, transport.queueMaximum(i));
            TestQueue queue = makeQueue(i, size);
            queues.add(queue);
            transport.enableQueue(i, size, queue.descriptors(), queue.driverArea(), queue.deviceArea());
        }
        transport.setStatus(transport.status() | VirtioTransport.DRIVER_OK);
        return this;
    }

    /** Reset and negotiation, up to FEATURES_OK. */
    void negotiate(long wanted) {
        transport.setStatus(0);
        queues.clear();
        room.freeRings();
        transport.setStatus(VirtioTransport.ACKNOWLEDGE);
        transport.setStatus(VirtioTransport.ACKNOWLEDGE | VirtioTransport.DRIVER);
        features = transport.deviceFeatures() & (wanted | VirtioFeature.mask(VirtioFeature.VERSION_1));
        transport.setDriverFeatures(features);
        transport.setStatus(transport.status() | VirtioTransport.FEATURES_OK);
        if ((transport.status() & VirtioTransport.FEATURES_OK) == 0) {
            throw new AssertionError("the device refuses features %#x".formatted(features));
        }
    }

    private TestQueue makeQueue(int index, int size) {
        boolean eventIndex = VirtioFeature.has(features, VirtioFeature.EVENT_INDEX);
        return VirtioFeature.has(features, VirtioFeature.PACKED_RING)
                ? new TestPackedQueue(index, size, transport, room, eventIndex)
                : new TestSplitQueue(index, size, transport, room, eventIndex);
    }

    public TestQueue queue(int index) {
        return queues.get(index);
    }

    public GuestMemory memory() {
        return room.memory();
    }

    /** Feature bits negotiated. */
    public long features() {
        return features;
    }

    /** Device status; 0x40 is DEVICE_NEEDS_RESET. */
    public int status() {
        return transport.status();
    }

    public boolean needsReset() {
        return (status() & VirtioTransport.NEEDS_RESET) != 0;
    }

    public long readConfig(int offset, int width) {
        return transport.readConfig(offset, width);
    }

    public void writeConfig(int offset, int width, long value) {
        transport.writeConfig(offset, width, value);
    }

    /** Interrupts for configuration changes so far. */
    public int configInterrupts() {
        return transport.configInterrupts();
    }

    /** The device's complaints about this driver. */
    public List<String> notices() {
        return List.copyOf(notices);
    }

    /** What a machine does when it pauses; {@link #resume} ends it. */
    public void suspend() {
        transport.suspend();
    }

    public void resume() {
        transport.resume();
    }

    /** A driver's reset. */
    public void reset() {
        transport.setStatus(0);
    }

    DriverTransport transport() {
        return transport;
    }

    @Override
    public void close() {
        transport.close();
        room.close();
    }
}
