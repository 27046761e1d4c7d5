package dev.quoll.devices.virtio;

import dev.quoll.devices.pci.PciBus;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MmioBus;
import java.util.function.Consumer;

/** A PCI driver's half of the transport: finds the structures by their capabilities and uses MSI-X. */
final class PciDriverTransport implements DriverTransport {
    private static final long BARS = 0xc001_0000L;
    private static final int SLOT = 3 << 3;
    private static final int MSIX = 0x11;
    private static final int VENDOR = 9;

    private final MmioBus bus = new MmioBus();
    private final PciBus pci = new PciBus();
    private final VirtioPciFunction<?> function;
    private final long[] structure = new long[6];
    private int notifyMultiplier;
    private final int[] interrupts;
    private int total;

    PciDriverTransport(VirtioDevice<?> device, GuestMemory memory, boolean packed, Consumer<String> notices) {
        interrupts = new int[device.queues() + 1];
        function = new VirtioPciFunction<>(
                device,
                new VirtioWiring(memory, InterruptLine.NONE, packed, notices),
                bus,
                (address, data) -> interrupted(data),
                19,
                BARS);
        pci.attach(SLOT >>> 3, 0, function);
        setUp();
    }

    /** Finds the structures and switches memory, bus mastering and MSI-X on; again after a hostile driver has been here. */
    void setUp() {
        pci.writeConfig(SLOT, 4, 2, 0);
        pci.writeConfig(SLOT, 0x10, 4, (int) BARS);
        pci.writeConfig(SLOT, 0x14, 4, (int) BARS + 0x4000);
        pci.writeConfig(SLOT, 4, 2, 6);
        long table = 0;
        for (int at = pci.readConfig(SLOT, 0x34, 1); at != 0; at = pci.readConfig(SLOT, at + 1, 1)) {
            int id = pci.readConfig(SLOT, at, 1);
            if (id == MSIX) {
                int place = pci.readConfig(SLOT, at + 4, 4);
                table = bar(place & 7) + (place & -8);
                pci.writeConfig(SLOT, at + 2, 2, 0x8000);
            } else if (id == VENDOR) {
                int type = pci.readConfig(SLOT, at + 3, 1);
                structure[type] = bar(pci.readConfig(SLOT, at + 4, 1)) + pci.readConfig(SLOT, at + 8, 4);
                if (type == 2) {
                    notifyMultiplier = pci.readConfig(SLOT, at + 16, 4);
                }
            }
        }
        for (int vector = 0; vector < interrupts.length; vector++) {
            bus.write(table + 16L * vector, 8, 0xfee0_0000L);
            bus.write(table + 16L * vector + 8, 4, vector);
            bus.write(table + 16L * vector + 12, 4, 0);
        }
    }

    private long bar(int number) {
        return pci.readConfig(SLOT, 0x10 + 4 * number, 4) & 0xffff_fff0L;
    }

    /** Writes a register of configuration space. */
    void setConfig(int register, int width, int value) {
        pci.writeConfig(SLOT, register, width, value);
    }

    /** Writes anywhere in the register BAR. */
    void poke(int offset, int width, long value) {
        bus.write(BARS + offset, width, value);
    }

    private synchronized void interrupted(int vector) {
        // A hostile driver gives vectors that mean nothing.
        interrupts[Math.floorMod(vector, interrupts.length)]++;
        total++;
        notifyAll();
    }

    private long common(int offset, int width) {
        return bus.read(structure[1] + offset, width);
    }

    private void setCommon(int offset, int width, long value) {
        bus.write(structure[1] + offset, width, value);
    }

    @Override
    public int status() {
        return (int) common(0x14, 1);
    }

    @Override
    public void setStatus(int value) {
        setCommon(0x14, 1, value);
        if (value == 1) {
            setCommon(0x10, 2, interrupts.length - 1);
        }
    }

    @Override
    public long deviceFeatures() {
        setCommon(0, 4, 0);
        long low = common(4, 4);
        setCommon(0, 4, 1);
        return low | common(4, 4) << 32;
    }

    @Override
    public void setDriverFeatures(long features) {
        setCommon(8, 4, 0);
        setCommon(0xc, 4, features & 0xffff_ffffL);
        setCommon(8, 4, 1);
        setCommon(0xc, 4, features >>> 32);
    }

    @Override
    public int queueMaximum(int queue) {
        setCommon(0x16, 2, queue);
        return (int) common(0x18, 2);
    }

    @Override
    public void enableQueue(int queue, int size, long descriptors, long driver, long device) {
        setCommon(0x16, 2, queue);
        setCommon(0x18, 2, size);
        setCommon(0x1a, 2, queue);
        setCommon(0x20, 8, descriptors);
        setCommon(0x28, 8, driver);
        setCommon(0x30, 8, device);
        setCommon(0x1c, 2, 1);
    }

    @Override
    public void notify(int queue) {
        bus.write(structure[2] + (long) queue * notifyMultiplier, 2, queue);
    }

    @Override
    public long readConfig(int offset, int width) {
        return bus.read(structure[4] + offset, width);
    }

    @Override
    public void writeConfig(int offset, int width, long value) {
        bus.write(structure[4] + offset, width, value);
    }

    @Override
    public synchronized int queueInterrupts(int queue) {
        return interrupts[queue];
    }

    @Override
    public synchronized int configInterrupts() {
        return interrupts[interrupts.length - 1];
    }

    @Override
    public synchronized int awaitInterrupt(int seen, long millis) throws InterruptedException {
        long end = System.nanoTime() + millis * 1_000_000;
        while (total <= seen) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        return total;
    }

    @Override
    public void settle() {
        // Messages are counted as they come.
    }

    @Override
    public Device<?> underTest() {
        return function;
    }

    @Override
    public void suspend() {
        function.suspend();
    }

    @Override
    public void resume() {
        function.resume();
    }

    @Override
    public void close() {
        function.close();
    }
}
