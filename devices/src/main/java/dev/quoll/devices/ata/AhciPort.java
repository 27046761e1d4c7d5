package dev.quoll.devices.ata;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.GuestMemoryException;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * One port of an {@link AhciController} with the drive at it (AHCI 1.3.1, 3.3 and clause 5): registers on the vCPUs' threads, commands on
 * the controller's worker.
 *
 * <p>Threat: a command's header, table and data are read from guest memory once and checked there; a bad address ends in a fatal
 * error of the port, which waits for the driver's reset.
 */
final class AhciPort {
    /** All guest-visible state. @param command the CMD register @param issued the CI register */
    record State(
            long commandList,
            long receivedFis,
            int interruptStatus,
            int interruptEnable,
            int command,
            int taskFile,
            int signature,
            int control,
            int error,
            int issued) {}

    /** Registers of a port, by offset. */
    private static final int CLB = 0x00;

    private static final int CLBU = 0x04;
    private static final int FB = 0x08;
    private static final int FBU = 0x0c;
    private static final int IS = 0x10;
    private static final int IE = 0x14;
    private static final int CMD = 0x18;
    private static final int TFD = 0x20;
    private static final int SIG = 0x24;
    private static final int SSTS = 0x28;
    private static final int SCTL = 0x2c;
    private static final int SERR = 0x30;
    private static final int CI = 0x38;

    private static final int CMD_START = 1;
    private static final int CMD_OVERRIDE = 1 << 3;
    private static final int CMD_RECEIVE = 1 << 4;
    private static final int CMD_RECEIVING = 1 << 14;
    private static final int CMD_RUNNING = 1 << 15;
    private static final int CMD_CURRENT_SLOT = 0x1f00;
    /** Start, spin up, power on, receive, ATAPI, LED; the link's power states are not kept. */
    private static final int CMD_WRITABLE = 0x0300_0017;

    private static final int CMD_POWER_ON = 6;

    private static final int IS_REGISTER_FIS = 1;
    private static final int IS_PIO_FIS = 1 << 1;
    private static final int IS_CONNECT_CHANGE = 1 << 6;
    private static final int IS_BUS_FATAL = 1 << 29;
    private static final int IS_TASK_FILE_ERROR = 1 << 30;
    /** Both come from bits of SERR. */
    private static final int IS_READ_ONLY = 1 << 6 | 1 << 22;

    private static final int SERR_EXCHANGED = 1 << 26;
    /** A drive is there, the link is up at the first generation's speed and awake. */
    private static final int LINK_UP = 0x113;

    private static final int DETECTION = 0xf;
    private static final int DETECTION_RESET = 1;
    private static final int DETECTION_OFF = 4;

    private static final int HEADER = 32;
    private static final int HEADER_ATAPI = 1 << 5;
    private static final int HEADER_CLEAR_BUSY = 1 << 10;
    private static final int TABLE_PACKET = 0x40;
    private static final int TABLE_DESCRIPTORS = 0x80;
    private static final int FIS_LENGTH = 20;
    private static final int PACKET_LENGTH = 16;

    private static final int FIS_HOST_TO_DEVICE = 0x27;
    private static final int FIS_REGISTER = 0x34;
    private static final int FIS_PIO_SETUP = 0x5f;
    private static final int FIS_IS_COMMAND = 0x80;
    private static final int FIS_CONTROL = 15;
    private static final int CONTROL_RESET = 4;
    private static final int FIS_INTERRUPT = 0x40;
    private static final int RECEIVED_PIO = 0x20;
    private static final int RECEIVED_REGISTER = 0x40;

    private final AtaDrive drive;
    private final GuestMemory memory;
    private final DataArea data;
    private long commandList;
    private long receivedFis;
    private int interruptStatus;
    private int interruptEnable;
    private int command;
    private int taskFile;
    private int signature;
    private int control;
    private int error;
    private int issued;
    /** The driver is between the two halves of a software reset. */
    private boolean inSoftReset;
    /** Stops commands until the driver has started the port anew. */
    private boolean stuck;
    /** A command is being executed. */
    private boolean executing;
    /** Counts what makes a command under way pointless. */
    private int epoch;

    AhciPort(AtaDrive drive, GuestMemory memory, BooleanSupplier stopping) {
        this.drive = drive;
        this.memory = memory;
        data = new DataArea(memory, stopping);
        reset();
    }

    synchronized void reset() {
        commandList = 0;
        receivedFis = 0;
        interruptEnable = 0;
        command = CMD_POWER_ON;
        control = 0;
        issued = 0;
        stuck = false;
        interruptStatus = 0;
        error = 0;
        linkUp();
    }

    /** The drive has come to life, again. */
    private void linkUp() {
        epoch++;
        drive.reset();
        inSoftReset = false;
        taskFile = AtaResult.READY;
        signature = drive.signature();
        error |= SERR_EXCHANGED;
    }

    private boolean linkOff() {
        int detection = control & DETECTION;
        return detection == DETECTION_RESET || detection == DETECTION_OFF;
    }

    private int status() {
        return interruptStatus & ~IS_READ_ONLY | ((error & SERR_EXCHANGED) != 0 ? IS_CONNECT_CHANGE : 0);
    }

    /** Whether the port asks for an interrupt. */
    synchronized boolean interrupts() {
        return (status() & interruptEnable) != 0;
    }

    synchronized int read(int register) {
        return switch (register) {
            case CLB -> (int) commandList;
            case CLBU -> (int) (commandList >>> 32);
            case FB -> (int) receivedFis;
            case FBU -> (int) (receivedFis >>> 32);
            case IS -> status();
            case IE -> interruptEnable;
            case CMD ->
                command
                        | ((command & CMD_START) != 0 || executing ? CMD_RUNNING : 0)
                        | ((command & CMD_RECEIVE) != 0 ? CMD_RECEIVING : 0);
            case TFD -> linkOff() ? AtaResult.BSY : taskFile;
            case SIG -> signature;
            case SSTS -> linkOff() ? 0 : LINK_UP;
            case SCTL -> control;
            case SERR -> error;
            case CI -> issued;
            default -> 0;
        };
    }

    /** @return whether there is work for the worker */
    synchronized boolean write(int register, int value) {
        switch (register) {
            case CLB -> commandList = commandList & -1L << 32 | value & 0xffff_fc00L;
            case CLBU -> commandList = commandList & 0xffff_ffffL | (long) value << 32;
            case FB -> receivedFis = receivedFis & -1L << 32 | value & 0xffff_ff00L;
            case FBU -> receivedFis = receivedFis & 0xffff_ffffL | (long) value << 32;
            case IS -> interruptStatus &= ~(value & ~IS_READ_ONLY);
            case IE -> interruptEnable = value;
            case CMD -> writeCommand(value);
            case SCTL -> {
                boolean wasOff = linkOff();
                control = value;
                if (wasOff && !linkOff()) {
                    linkUp();
                }
            }
            case SERR -> error &= ~value;
            case CI -> {
                if ((command & CMD_START) != 0) {
                    issued |= value;
                }
            }
            default -> {
                // Reserved, read-only or of features that are not offered.
            }
        }
        return nextSlot() >= 0;
    }

    private void writeCommand(int value) {
        boolean started = (command & CMD_START) == 0 && (value & CMD_START) != 0;
        command = command & ~CMD_WRITABLE | value & CMD_WRITABLE;
        if ((value & CMD_OVERRIDE) != 0) {
            taskFile &= ~(AtaResult.BSY | 0x08);
        }
        if ((command & CMD_START) == 0) {
            epoch++;
            issued = 0;
            command &= ~CMD_CURRENT_SLOT;
        }
        if (started) {
            stuck = false;
        }
    }

    /** The command to be executed next; -1 when there is none. */
    private int nextSlot() {
        return issued == 0 || stuck || (command & CMD_START) == 0 || linkOff() ? -1 : Integer.numberOfTrailingZeros(issued);
    }

    /** Executes one command that has been issued; on the worker. @return false when there is none */
    boolean work() throws IOException {
        int slot;
        long header;
        int begun;
        synchronized (this) {
            slot = nextSlot();
            if (slot < 0) {
                return false;
            }
            command = command & ~CMD_CURRENT_SLOT | slot << 8;
            taskFile |= AtaResult.BSY;
            header = commandList + (long) slot * HEADER;
            executing = true;
            begun = epoch;
        }
        try {
            execute(slot, header, begun);
        } catch (GuestMemoryException _) {
            synchronized (this) {
                if (epoch == begun) {
                    stuck = true;
                    interruptStatus |= IS_BUS_FATAL;
                    taskFile = AtaResult.READY;
                }
            }
        } finally {
            synchronized (this) {
                executing = false;
            }
        }
        return true;
    }

    private void execute(int slot, long header, int begun) throws IOException {
        int flags = memory.readInt(header);
        long table = memory.readLong(header + 8) & ~0x7fL;
        byte[] fis = new byte[FIS_LENGTH];
        memory.read(table, fis, 0, FIS_LENGTH);
        data.begin(table + TABLE_DESCRIPTORS, flags >>> 16);
        AtaResult result;
        if ((fis[0] & 0xff) != FIS_HOST_TO_DEVICE) {
            result = AtaResult.ABORT;
        } else if ((fis[1] & FIS_IS_COMMAND) == 0) {
            controlWritten(slot, flags, fis[FIS_CONTROL]);
            return;
        } else {
            byte[] packet = new byte[PACKET_LENGTH];
            if ((flags & HEADER_ATAPI) != 0) {
                memory.read(table + TABLE_PACKET, packet, 0, PACKET_LENGTH);
            }
            result = drive.execute(AtaCommand.of(fis, packet), data);
        }
        memory.writeInt(header + 4, (int) data.moved());
        finish(slot, result, fis, begun);
    }

    /** The device control register: a software reset has two halves, each a command of its own (AHCI 1.3.1, 10.4.1). */
    private void controlWritten(int slot, int flags, int value) {
        boolean up;
        synchronized (this) {
            boolean resets = (value & CONTROL_RESET) != 0;
            up = inSoftReset && !resets;
            inSoftReset = resets;
            if (up) {
                drive.reset();
                signature = drive.signature();
            }
            taskFile = AtaResult.READY;
            if ((flags & HEADER_CLEAR_BUSY) == 0 && resets) {
                taskFile |= AtaResult.BSY;
            }
        }
        if (up) {
            byte[] fis = new byte[FIS_LENGTH];
            fis[0] = FIS_REGISTER;
            fis[2] = AtaResult.READY;
            fis[3] = 1;
            fis[4] = (byte) (signature >>> 8);
            fis[5] = (byte) (signature >>> 16);
            fis[6] = (byte) (signature >>> 24);
            fis[12] = (byte) signature;
            receive(RECEIVED_REGISTER, fis);
        }
        synchronized (this) {
            issued &= ~(1 << slot);
        }
    }

    /** Sends the FIS by which the drive tells how it went, then shows it in the registers. */
    private void finish(int slot, AtaResult result, byte[] asked, int begun) {
        byte[] fis = asked.clone();
        boolean pio = result.programmed();
        fis[0] = (byte) (pio ? FIS_PIO_SETUP : FIS_REGISTER);
        fis[1] = (byte) (pio ? FIS_INTERRUPT | 0x20 : FIS_INTERRUPT);
        fis[2] = (byte) result.status();
        fis[3] = (byte) result.error();
        fis[12] = (byte) result.count();
        fis[13] = 0;
        fis[15] = (byte) (pio ? result.status() : 0);
        fis[16] = (byte) (pio ? data.moved() : 0);
        fis[17] = (byte) (pio ? data.moved() >>> 8 : 0);
        receive(pio ? RECEIVED_PIO : RECEIVED_REGISTER, fis);
        synchronized (this) {
            if (epoch != begun) {
                return;
            }
            taskFile = result.status() | result.error() << 8;
            interruptStatus |= pio ? IS_PIO_FIS : IS_REGISTER_FIS;
            if (result.failed()) {
                interruptStatus |= IS_TASK_FILE_ERROR;
                stuck = true;
            } else {
                issued &= ~(1 << slot);
            }
        }
    }

    private void receive(int offset, byte[] fis) {
        long area;
        synchronized (this) {
            area = (command & CMD_RECEIVE) != 0 ? receivedFis : -1;
        }
        if (area != -1) {
            memory.write(area + offset, fis);
        }
    }

    synchronized State save() {
        return new State(
                commandList, receivedFis, interruptStatus, interruptEnable, command, taskFile, signature, control, error, issued);
    }

    synchronized void restore(State state) {
        commandList = state.commandList;
        receivedFis = state.receivedFis;
        interruptStatus = state.interruptStatus;
        interruptEnable = state.interruptEnable;
        command = state.command;
        taskFile = state.taskFile;
        signature = state.signature;
        control = state.control;
        error = state.error;
        issued = state.issued;
        stuck = (interruptStatus & (IS_TASK_FILE_ERROR | IS_BUS_FATAL)) != 0;
    }
}
