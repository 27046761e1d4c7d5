package dev.quoll.devices.ata;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.devices.pci.BarSpace;
import dev.quoll.devices.pci.BusBarMapping;
import dev.quoll.devices.pci.PciConfigSpace;
import dev.quoll.devices.pci.PciFunction;
import dev.quoll.devices.pci.PciIdentity;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.SuspendableDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The AHCI controller of ICH9 (AHCI 1.3.1; Intel ICH9 data sheet, clause 15): one port for each drive, one command at a time a port, no
 * native queueing. Commands are executed on a thread of its own, so that no vCPU waits for the host.
 *
 * <p>Threat: see {@link AhciPort}. A driver that issues commands without end keeps the controller's thread busy, and no other.
 */
public final class AhciController
        implements Device<AhciController.State>, SuspendableDevice, PciFunction, MmioDevice, AutoCloseable {
    /** Ports that there can be. */
    public static final int MOST_PORTS = 6;

    /** 82801IR/IO/IH (ICH9R/DO/DH) SATA controller in AHCI mode; the subsystem is the one that virtual machines show. */
    private static final PciIdentity IDENTITY = new PciIdentity(0x8086, 0x2922, 2, 0x010601, 0x1af4, 0x1100);

    /** Bytes of the register window. */
    public static final long REGISTERS_LENGTH = 0x1000;

    private static final int REGISTERS_BAR = 5;
    private static final AccessWidths WIDTHS = AccessWidths.DWORD;
    private static final int INTA = 1;

    private static final int CAP = 0x00;
    private static final int GHC = 0x04;
    private static final int IS = 0x08;
    private static final int PI = 0x0c;
    private static final int VS = 0x10;
    private static final int PORTS = 0x100;
    private static final int PORT_LENGTH = 0x80;

    /** 64-bit addresses, first generation, AHCI only, 32 slots; the number of ports is added. */
    private static final int CAPABILITIES = 1 << 31 | 1 << 20 | 1 << 18 | 31 << 8;

    private static final int VERSION_1_3_1 = 0x0001_0301;
    private static final int GHC_RESET = 1;
    private static final int GHC_INTERRUPTS = 2;
    private static final int GHC_AHCI = 1 << 31;

    private final PciConfigSpace config;
    private final InterruptOutput interrupt;
    private final Consumer<String> notices;
    private final List<AhciPort> ports = new ArrayList<>();
    private final Thread worker;
    private final Object lock = new Object();
    private int globalControl;
    private int pendingPorts;
    private boolean wanted;
    private boolean working;
    private boolean held;
    private volatile boolean stopping;

    /** All guest-visible state. */
    public record State(PciConfigSpace.State config, int globalControl, int pendingPorts, List<AhciPort.State> ports) {
        public State {
            ports = List.copyOf(ports);
        }
    }

    /** A drive to be at a port. @param optical whether the image is a disc for a CD-ROM drive, or a disk itself */
    public record Drive(DiskImage image, boolean optical, String serial) {}

    /**
     * Makes the function and starts its thread; the board attaches it to its bus.
     *
     * @param bus where its registers appear
     * @param line its interrupt pin
     * @param interruptLine what the interrupt line register starts as
     * @param barAddress where its registers are at power-on, {@link #REGISTERS_LENGTH} bytes; 0 leaves the choice to firmware
     * @param notices takes sentences for the user
     * @param drives one for each port, at most {@link #MOST_PORTS}
     */
    public AhciController(
            GuestMemory memory,
            MmioBus bus,
            InterruptLine line,
            int interruptLine,
            long barAddress,
            Consumer<String> notices,
            List<Drive> drives) {
        if (drives.size() > MOST_PORTS) {
            throw new IllegalArgumentException("an AHCI controller has room for %d drives".formatted(MOST_PORTS));
        }
        config = new PciConfigSpace(IDENTITY, new BusBarMapping(bus).window(REGISTERS_BAR, WIDTHS, this));
        config.addBar(REGISTERS_BAR, BarSpace.MEMORY_32, REGISTERS_LENGTH, barAddress);
        config.setInterruptPin(INTA, interruptLine);
        config.listen(0, PciConfigSpace.SIZE, (_, _) -> update());
        interrupt = new InterruptOutput(line);
        this.notices = notices;
        for (Drive drive : drives) {
            AtaDrive made = drive.optical()
                    ? new OpticalDrive(drive.image(), drive.serial())
                    : new AtaDisk(drive.image(), drive.serial());
            ports.add(new AhciPort(made, memory, () -> stopping));
        }
        globalControl = GHC_AHCI;
        worker = Thread.ofPlatform().daemon().name("quoll-ahci").start(this::run);
    }

    @Override
    public String name() {
        return "ahci";
    }

    @Override
    public long readMmio(long offset, int width) {
        int register = (int) offset;
        if (register >= PORTS) {
            int port = (register - PORTS) / PORT_LENGTH;
            return port < ports.size() ? ports.get(port).read(register & PORT_LENGTH - 1) : 0;
        }
        synchronized (lock) {
            return switch (register) {
                case CAP -> CAPABILITIES | Math.max(ports.size() - 1, 0);
                case GHC -> globalControl;
                case IS -> pendingPorts;
                case PI -> (1 << ports.size()) - 1;
                case VS -> VERSION_1_3_1;
                default -> 0;
            };
        }
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        int register = (int) offset;
        if (register >= PORTS) {
            int port = (register - PORTS) / PORT_LENGTH;
            if (port < ports.size() && ports.get(port).write(register & PORT_LENGTH - 1, (int) value)) {
                wake();
            }
        } else if (register == GHC && (value & GHC_RESET) != 0) {
            resetController();
        } else {
            synchronized (lock) {
                if (register == GHC) {
                    globalControl = GHC_AHCI | (int) value & GHC_INTERRUPTS;
                } else if (register == IS) {
                    pendingPorts &= ~(int) value;
                }
            }
        }
        update();
    }

    /** As by HR: the interrupts go off and the ports begin anew; how the function is configured stays. */
    private void resetController() {
        for (AhciPort port : ports) {
            port.reset();
        }
        synchronized (lock) {
            globalControl = GHC_AHCI;
            pendingPorts = 0;
        }
    }

    /** Brings the interrupt to what the ports ask for. */
    private void update() {
        boolean high;
        synchronized (lock) {
            for (int port = 0; port < ports.size(); port++) {
                if (ports.get(port).interrupts()) {
                    pendingPorts |= 1 << port;
                }
            }
            boolean pending = pendingPorts != 0 && (globalControl & GHC_INTERRUPTS) != 0;
            config.setInterruptStatus(pending);
            high = pending && !config.intxDisabled();
            interrupt.want(high);
        }
        interrupt.drive();
    }

    private void wake() {
        synchronized (lock) {
            wanted = true;
            lock.notifyAll();
        }
    }

    private void run() {
        while (awaitWork()) {
            try {
                boolean more = true;
                while (more && !stopping && config.busMaster() && !isHeld()) {
                    more = false;
                    for (AhciPort port : ports) {
                        if (port.work()) {
                            more = true;
                            update();
                        }
                    }
                }
            } catch (IOException | RuntimeException e) {
                notices.accept("the AHCI controller has stopped: " + e);
                stopping = true;
            }
        }
        synchronized (lock) {
            working = false;
            lock.notifyAll();
        }
    }

    private boolean isHeld() {
        synchronized (lock) {
            return held;
        }
    }

    private boolean awaitWork() {
        synchronized (lock) {
            working = false;
            lock.notifyAll();
            while ((!wanted || held) && !stopping) {
                try {
                    lock.wait();
                } catch (InterruptedException _) {
                    // Nobody interrupts this thread but to end it, which is told by the flag.
                    continue;
                }
            }
            wanted = false;
            working = true;
            return !stopping;
        }
    }

    @Override
    public void suspend() {
        boolean interrupted = false;
        synchronized (lock) {
            held = true;
            while (working && worker.isAlive()) {
                try {
                    lock.wait(100);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void resume() {
        synchronized (lock) {
            held = false;
            wanted = true;
            lock.notifyAll();
        }
    }

    @Override
    public int readConfig(int register, int width) {
        return config.readConfig(register, width);
    }

    @Override
    public void writeConfig(int register, int width, int value) {
        config.writeConfig(register, width, value);
        // Commands wait while the function is no bus master.
        wake();
    }

    @Override
    public void reset() {
        config.reset();
        resetController();
        update();
    }

    @Override
    public State save() {
        synchronized (lock) {
            return new State(config.save(), globalControl, pendingPorts, ports.stream().map(AhciPort::save).toList());
        }
    }

    @Override
    public void restore(State state) {
        if (state.ports.size() != ports.size()) {
            throw new IllegalArgumentException("saved AHCI controller has %d ports, not %d".formatted(state.ports.size(), ports.size()));
        }
        config.restore(state.config);
        for (int port = 0; port < ports.size(); port++) {
            ports.get(port).restore(state.ports.get(port));
        }
        boolean high;
        synchronized (lock) {
            globalControl = state.globalControl;
            pendingPorts = state.pendingPorts;
            high = pendingPorts != 0 && (globalControl & GHC_INTERRUPTS) != 0 && !config.intxDisabled();
        }
        interrupt.force(high);
    }

    /** Ends the thread; a command under way is given up. The images are their owner's to close. */
    @Override
    public void close() {
        synchronized (lock) {
            stopping = true;
            lock.notifyAll();
        }
        boolean interrupted = false;
        while (worker.isAlive()) {
            try {
                worker.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
