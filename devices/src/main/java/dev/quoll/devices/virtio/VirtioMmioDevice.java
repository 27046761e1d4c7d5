package dev.quoll.devices.virtio;

import dev.quoll.devices.virtio.VirtioTransport.Area;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.SuspendableDevice;

/**
 * A virtio device behind a window of memory-mapped registers, version 2 (section 4.2), with one interrupt wire for everything: for
 * guests without PCI.
 *
 * <p>Threat: as for {@link VirtioPciFunction}. Control registers are 32 bits wide; other accesses to them have no effect and read 0.
 *
 * @param <S> the device's state
 */
public final class VirtioMmioDevice<S extends Record>
        implements Device<VirtioMmioDevice.State<S>>, SuspendableDevice, MmioDevice, AutoCloseable {
    /** Bytes of the window. */
    public static final long LENGTH = 0x1000;
    /** How the window is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE_TO_DWORD;

    private static final int MAGIC_VALUE = 0x000;
    private static final int VERSION = 0x004;
    private static final int DEVICE_ID = 0x008;
    private static final int VENDOR_ID = 0x00c;
    private static final int DEVICE_FEATURES = 0x010;
    private static final int DEVICE_FEATURES_SELECT = 0x014;
    private static final int DRIVER_FEATURES = 0x020;
    private static final int DRIVER_FEATURES_SELECT = 0x024;
    private static final int QUEUE_SELECT = 0x030;
    private static final int QUEUE_SIZE_MAX = 0x034;
    private static final int QUEUE_SIZE = 0x038;
    private static final int QUEUE_READY = 0x044;
    private static final int QUEUE_NOTIFY = 0x050;
    private static final int INTERRUPT_STATUS = 0x060;
    private static final int INTERRUPT_ACK = 0x064;
    private static final int STATUS = 0x070;
    private static final int QUEUE_AREAS = 0x080;
    private static final int QUEUE_AREAS_END = 0x0b0;
    private static final int AREA_STRIDE = 0x10;
    private static final int SHARED_MEMORY = 0x0b0;
    private static final int SHARED_MEMORY_END = 0x0c0;
    private static final int CONFIG_GENERATION = 0x0fc;
    private static final int CONFIG = 0x100;

    private static final int MAGIC = 0x7472_6976;
    private static final int MODERN = 2;
    /** "QUOL". */
    private static final int VENDOR = 0x4c4f_5551;

    private static final Area[] AREAS = Area.values();

    private final VirtioDevice<S> device;
    private final VirtioTransport<S> transport;
    private final InterruptStatus interrupts;

    /** All of it. */
    public record State<S extends Record>(int interruptStatus, VirtioTransport.State transport, S device) {}

    /** Makes it; the board registers it on its memory bus. */
    public VirtioMmioDevice(VirtioDevice<S> device, VirtioWiring wiring) {
        this.device = device;
        interrupts = new InterruptStatus(wiring.line(), () -> true);
        transport = new VirtioTransport<>(
                device,
                wiring.features(),
                wiring.memory(),
                new VirtioTransport.Interrupts() {
                    @Override
                    public void queueUsed(int queue) {
                        interrupts.raise(InterruptStatus.QUEUE);
                    }

                    @Override
                    public void configurationChanged() {
                        interrupts.raise(InterruptStatus.CONFIGURATION);
                    }
                },
                wiring.notices());
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public long readMmio(long offset, int width) {
        if (offset >= CONFIG) {
            return transport.readConfig((int) offset - CONFIG, width);
        }
        return width == 4 ? readRegister((int) offset) : 0;
    }

    private int readRegister(int register) {
        return switch (register) {
            case MAGIC_VALUE -> MAGIC;
            case VERSION -> MODERN;
            case DEVICE_ID -> device.deviceId();
            case VENDOR_ID -> VENDOR;
            case DEVICE_FEATURES -> transport.deviceFeatures();
            case QUEUE_SIZE_MAX -> transport.queueMaximum();
            case QUEUE_READY -> transport.queueEnabled() ? 1 : 0;
            case INTERRUPT_STATUS -> interrupts.bits();
            case STATUS -> transport.status();
            case CONFIG_GENERATION -> transport.generation();
            // No shared memory region: length and base are all ones (4.2.2).
            default -> register >= SHARED_MEMORY && register < SHARED_MEMORY_END ? -1 : 0;
        };
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        if (offset >= CONFIG) {
            transport.writeConfig((int) offset - CONFIG, width, value);
        } else if (width == 4) {
            writeRegister((int) offset, (int) value);
        }
    }

    private void writeRegister(int register, int value) {
        switch (register) {
            case DEVICE_FEATURES_SELECT -> transport.selectFeatures(value);
            case DRIVER_FEATURES -> transport.setDriverFeatures(value);
            case DRIVER_FEATURES_SELECT -> transport.selectDriverFeatures(value);
            case QUEUE_SELECT -> transport.selectQueue(value);
            case QUEUE_SIZE -> transport.setQueueSize(value);
            case QUEUE_READY -> transport.setQueueEnabled((value & 1) != 0);
            case QUEUE_NOTIFY -> transport.doorbell(value);
            case INTERRUPT_ACK -> interrupts.acknowledge(value);
            case STATUS -> {
                transport.setStatus(value & 0xff);
                if (value == 0) {
                    interrupts.acknowledge(-1);
                }
            }
            default -> {
                if (register >= QUEUE_AREAS && register < QUEUE_AREAS_END && (register & AREA_STRIDE - 1) < 8) {
                    Area area = AREAS[(register - QUEUE_AREAS) / AREA_STRIDE];
                    transport.setQueueAddress(area, (register & 4) != 0, value);
                }
            }
        }
    }

    @Override
    public void reset() {
        transport.reset();
        interrupts.acknowledge(-1);
    }

    @Override
    public void suspend() {
        transport.hold();
    }

    @Override
    public void resume() {
        transport.release();
    }

    @Override
    public State<S> save() {
        return new State<>(interrupts.bits(), transport.save(), device.save());
    }

    @Override
    public void restore(State<S> state) {
        interrupts.restore(state.interruptStatus);
        transport.restore(state.transport, state.device);
    }

    /** Stops the device for good; before guest memory goes. */
    @Override
    public void close() {
        transport.reset();
    }
}
