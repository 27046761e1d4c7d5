package dev.quoll.devices.virtio;

import dev.quoll.devices.pci.BarSpace;
import dev.quoll.devices.pci.BusBarMapping;
import dev.quoll.devices.pci.MsixTable;
import dev.quoll.devices.pci.PciConfigSpace;
import dev.quoll.devices.pci.PciFunction;
import dev.quoll.devices.pci.PciIdentity;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.MsiSink;
import dev.quoll.machine.SuspendableDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A virtio device as a PCI function (section 4.1): two memory BARs, one with the common, notification, interrupt status and device
 * registers, one with the MSI-X table.
 *
 * <p>Threat: everything a driver writes goes through {@link PciConfigSpace}, {@link MsixTable}, {@link VirtioTransport} and the queues,
 * which judge it; vector numbers are held to the table. While the function is no bus master, the device is held: it leaves memory
 * alone.
 *
 * @param <S> the device's state
 */
public final class VirtioPciFunction<S extends Record>
        implements Device<VirtioPciFunction.State<S>>, SuspendableDevice, PciFunction, MmioDevice, AutoCloseable {
    /** Bytes that a function takes of the 32-bit BAR window. */
    public static final long WINDOW_LENGTH = 0x8000;

    private static final int REGISTERS_BAR = 0;
    private static final int MSIX_BAR = 1;
    private static final long REGISTERS_LENGTH = 0x4000;
    private static final int COMMON = 0;
    private static final int INTERRUPT_STATUS = 0x1000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int REGION_LENGTH = 0x1000;
    private static final int NOTIFY_MULTIPLIER = 4;
    private static final AccessWidths WIDTHS = AccessWidths.BYTE_TO_DWORD;

    private static final int VENDOR = 0x1af4;
    private static final int FIRST_DEVICE = 0x1040;
    private static final int SUBSYSTEM = 0x1100;
    private static final int REVISION = 1;
    private static final int INTA = 1;
    private static final int COMMAND = 4;
    private static final int STATUS = 6;

    private static final int EXPRESS_CAPABILITY = 0x10;
    private static final int EXPRESS_LENGTH = 0x3c;
    /** Version 2, root complex integrated endpoint (PCI Express Base 3.0, 7.8.2). */
    private static final int EXPRESS_KIND = 0x92;
    /** Role-based error reporting, function level reset (7.8.3). */
    private static final int EXPRESS_ABILITIES = 1 << 15 | 1 << 28;

    private static final int EXPRESS_CONTROL = 8;
    /** The writable bits of device control but the reset: error reporting, ordering, payload and request sizes (7.8.4). */
    private static final int EXPRESS_CONTROL_BITS = 0x78ff;

    private static final int INITIATE_RESET = 0x8000;

    private static final int VENDOR_CAPABILITY = 9;
    /** Kinds of capability (4.1.4). */
    private static final int COMMON_CFG = 1;

    private static final int NOTIFY_CFG = 2;
    private static final int ISR_CFG = 3;
    private static final int DEVICE_CFG = 4;
    private static final int PCI_CFG = 5;
    private static final int CAPABILITY_LENGTH = 16;
    private static final int WINDOW_BAR = 4;
    private static final int WINDOW_OFFSET = 8;
    private static final int WINDOW_WIDTH = 12;
    private static final int WINDOW_DATA = 16;

    private static final int NO_VECTOR = 0xffff;

    private final VirtioDevice<S> device;
    private final VirtioTransport<S> transport;
    private final PciCommonRegisters common;
    private final PciConfigSpace config;
    private final MsixTable msix;
    private final InterruptStatus status;
    /** Vectors of the queues, then that of configuration changes. */
    private final AtomicIntegerArray vectors;

    private final int vectorCount;
    private final int window;
    private final int express;

    /** @param vectors MSI-X vectors of queues and, last, configuration */
    public record State<S extends Record>(
            PciConfigSpace.State config,
            MsixTable.State msix,
            int interruptStatus,
            List<Integer> vectors,
            VirtioTransport.State transport,
            S device) {
        public State {
            vectors = List.copyOf(vectors);
        }
    }

    /**
     * Makes the function; the board attaches it to its bus.
     *
     * @param bus where its BARs appear
     * @param msi takes its MSI-X messages
     * @param interruptLine what the interrupt line register starts as
     * @param barAddress where its BARs are at power-on: {@link #WINDOW_LENGTH} bytes, aligned to that
     */
    public VirtioPciFunction(
            VirtioDevice<S> device, VirtioWiring wiring, MmioBus bus, MsiSink msi, int interruptLine, long barAddress) {
        this.device = device;
        BusBarMapping mapping = new BusBarMapping(bus).window(REGISTERS_BAR, WIDTHS, this);
        config = new PciConfigSpace(identity(device.deviceId()), mapping);
        config.addBar(REGISTERS_BAR, BarSpace.MEMORY_32, REGISTERS_LENGTH, barAddress);
        config.addBar(MSIX_BAR, BarSpace.MEMORY_32, MsixTable.LENGTH, barAddress + REGISTERS_LENGTH);
        config.setInterruptPin(INTA, interruptLine);
        vectorCount = Math.min(device.queues() + 1, MsixTable.MAX_VECTORS);
        msix = new MsixTable(config, vectorCount, MSIX_BAR, msi);
        mapping.window(MSIX_BAR, MsixTable.WIDTHS, msix);
        addCapability(COMMON_CFG, COMMON, PciCommonRegisters.LENGTH, 0);
        addCapability(NOTIFY_CFG, NOTIFY, device.queues() * NOTIFY_MULTIPLIER, 4);
        addCapability(ISR_CFG, INTERRUPT_STATUS, 1, 0);
        if (device.configLength() > 0) {
            addCapability(DEVICE_CFG, DEVICE, device.configLength(), 0);
        }
        window = addCapability(PCI_CFG, 0, 0, 4);
        express = addExpress();
        vectors = new AtomicIntegerArray(device.queues() + 1);
        status = new InterruptStatus(wiring.line(), () -> !msix.enabled() && !config.intxDisabled());
        transport = new VirtioTransport<>(
                device, wiring.features(), wiring.memory(), new PciInterrupts(), wiring.notices());
        common = new PciCommonRegisters(transport, new Vectors());
        config.listen(COMMAND, COMMAND + 2, (_, _) -> commandWritten());
        config.listen(0, PciConfigSpace.SIZE, (_, _) -> status.update());
        config.listen(window + WINDOW_DATA, window + WINDOW_DATA + 4, (_, _) -> writeWindow());
        config.listen(express + EXPRESS_CONTROL, express + EXPRESS_CONTROL + 2, (_, _) -> expressControlWritten());
        clearVectors();
        transport.hold();
    }

    private static PciIdentity identity(int type) {
        int classCode = switch (type) {
            case 1 -> 0x020000;
            case 2 -> 0x010000;
            case 3 -> 0x078000;
            case 19 -> 0x028000;
            case 26, 27 -> 0x018000;
            default -> 0x00ff00;
        };
        return new PciIdentity(VENDOR, FIRST_DEVICE + type, REVISION, classCode, VENDOR, SUBSYSTEM);
    }

    /** @param extra bytes behind the common part: the notify multiplier or the data window */
    private int addCapability(int type, int offset, int length, int extra) {
        ByteBuffer body = ByteBuffer.allocate(CAPABILITY_LENGTH - 2 + extra).order(ByteOrder.LITTLE_ENDIAN);
        body.put((byte) (CAPABILITY_LENGTH + extra)).put((byte) type).put((byte) REGISTERS_BAR).put(new byte[3]);
        body.putInt(offset).putInt(length);
        byte[] writable = new byte[body.capacity()];
        if (type == NOTIFY_CFG) {
            body.putInt(NOTIFY_MULTIPLIER);
        } else if (type == PCI_CFG) {
            Arrays.fill(writable, WINDOW_OFFSET - 2, writable.length, (byte) 0xff);
            writable[WINDOW_BAR - 2] = (byte) 0xff;
        }
        return config.addCapability(VENDOR_CAPABILITY, body.array(), writable);
    }

    /** A function level reset is what makes this worth having: it stops the device whatever its driver thinks. */
    private int addExpress() {
        ByteBuffer body = ByteBuffer.allocate(EXPRESS_LENGTH - 2).order(ByteOrder.LITTLE_ENDIAN);
        body.putShort((short) EXPRESS_KIND).putInt(EXPRESS_ABILITIES);
        byte[] writable = new byte[body.capacity()];
        ByteBuffer.wrap(writable)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(EXPRESS_CONTROL - 2, (short) (EXPRESS_CONTROL_BITS | INITIATE_RESET));
        return config.addCapability(EXPRESS_CAPABILITY, body.array(), writable);
    }

    private void expressControlWritten() {
        if ((config.read(express + EXPRESS_CONTROL, 2) & INITIATE_RESET) != 0) {
            reset();
        }
    }

    /** MSI-X vectors as the common registers show them. */
    private final class Vectors implements PciCommonRegisters.Vectors {
        @Override
        public int get(int source) {
            return source < vectors.length() ? vectors.get(source) : NO_VECTOR;
        }

        @Override
        public void set(int source, int vector) {
            if (source < vectors.length()) {
                vectors.set(source, vector < vectorCount ? vector : NO_VECTOR);
            }
        }
    }

    private final class PciInterrupts implements VirtioTransport.Interrupts {
        @Override
        public void queueUsed(int queue) {
            raise(queue, InterruptStatus.QUEUE);
        }

        @Override
        public void configurationChanged() {
            raise(vectors.length() - 1, InterruptStatus.CONFIGURATION);
        }

        private void raise(int source, int bit) {
            if (msix.enabled()) {
                int vector = vectors.get(source);
                if (vector != NO_VECTOR) {
                    msix.signal(vector);
                }
            } else {
                status.raise(bit);
            }
        }
    }

    private void clearVectors() {
        for (int i = 0; i < vectors.length(); i++) {
            vectors.set(i, NO_VECTOR);
        }
    }

    private void commandWritten() {
        if (config.busMaster()) {
            transport.release();
        } else {
            transport.hold();
        }
    }

    /** The driver wrote the status register: 0 is a reset, which takes vectors and interrupts along (4.1.4.3.1). */
    private void resetInterrupts() {
        clearVectors();
        status.acknowledge(-1);
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public long readMmio(long offset, int width) {
        int at = (int) offset % REGION_LENGTH;
        return switch ((int) offset - at) {
            case COMMON -> common.read(at);
            case INTERRUPT_STATUS -> at == 0 ? status.acknowledge(-1) : 0;
            case DEVICE -> transport.readConfig(at, width);
            default -> 0;
        };
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        int at = (int) offset % REGION_LENGTH;
        switch ((int) offset - at) {
            case COMMON -> {
                common.write(at, (int) value);
                if (at == PciCommonRegisters.STATUS && value == 0) {
                    resetInterrupts();
                }
            }
            case DEVICE -> transport.writeConfig(at, width, value);
            case NOTIFY -> transport.doorbell(at / NOTIFY_MULTIPLIER);
            default -> {
                // The interrupt status is read only.
            }
        }
    }

    /** The access that the window capability describes, or -1 when it lies outside the BAR (4.1.4.9). */
    private int windowOffset() {
        int width = config.read(window + WINDOW_WIDTH, 4);
        int offset = config.read(window + WINDOW_OFFSET, 4);
        boolean sound = config.read(window + WINDOW_BAR, 1) == REGISTERS_BAR
                && (width == 1 || width == 2 || width == 4)
                && (offset & width - 1) == 0
                && offset >= 0
                && offset < REGISTERS_LENGTH;
        return sound ? offset : -1;
    }

    private void writeWindow() {
        int offset = windowOffset();
        if (offset >= 0) {
            int width = config.read(window + WINDOW_WIDTH, 4);
            writeMmio(offset, width, config.read(window + WINDOW_DATA, width) & -1L >>> 64 - 8 * width);
        }
    }

    @Override
    public int readConfig(int register, int width) {
        if (register <= STATUS && register + width > STATUS) {
            config.setInterruptStatus(status.bits() != 0);
        } else if (register >= window + WINDOW_DATA && register < window + WINDOW_DATA + 4) {
            int offset = windowOffset();
            if (offset >= 0) {
                int accessed = config.read(window + WINDOW_WIDTH, 4);
                config.poke(window + WINDOW_DATA, accessed, (int) readMmio(offset, accessed));
            }
        }
        return config.readConfig(register, width);
    }

    @Override
    public void writeConfig(int register, int width, int value) {
        config.writeConfig(register, width, value);
    }

    @Override
    public void reset() {
        transport.reset();
        config.reset();
        msix.reset();
        resetInterrupts();
    }

    @Override
    public void suspend() {
        transport.hold();
    }

    @Override
    public void resume() {
        if (config.busMaster()) {
            transport.release();
        }
    }

    @Override
    public State<S> save() {
        List<Integer> savedVectors = new ArrayList<>();
        for (int i = 0; i < vectors.length(); i++) {
            savedVectors.add(vectors.get(i));
        }
        return new State<>(config.save(), msix.save(), status.bits(), savedVectors, transport.save(), device.save());
    }

    @Override
    public void restore(State<S> state) {
        if (state.vectors.size() != vectors.length()) {
            throw new IllegalArgumentException("saved state of %s has %d vectors, not %d"
                    .formatted(name(), state.vectors.size(), vectors.length()));
        }
        config.restore(state.config);
        msix.restore(state.msix);
        for (int i = 0; i < vectors.length(); i++) {
            int vector = state.vectors.get(i);
            vectors.set(i, vector >= 0 && vector < vectorCount ? vector : NO_VECTOR);
        }
        status.restore(state.interruptStatus);
        transport.restore(state.transport, state.device);
    }

    /** Stops the device for good; before guest memory goes. */
    @Override
    public void close() {
        transport.reset();
    }
}
