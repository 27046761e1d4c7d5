package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.EventDelivery;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/**
 * Interrupt and exception delivery: long-mode gates and real-mode vectors here, legacy gates in {@link LegacyGates}
 * (SDM vol. 3, chapter 6 and 6.14; vol. 2, INT n). Without state: shared by all vCPUs.
 */
public final class Delivery implements EventDelivery {
    private static final int DEBUG = 1;
    private static final int BREAKPOINT = 3;
    private static final int OVERFLOW = 4;
    private static final int MACHINE_CHECK = 18;
    /** DR7.GD, cleared on entry to a #DB handler so that it may use the debug registers. */
    private static final long GENERAL_DETECT = 1 << 13;
    /** In an error code: the index is of an IDT gate. */
    static final int IDT = 2;

    private static final int CLEARED = Flags.TF | Flags.NT | Flags.RF | Flags.VM;

    @Override
    public void deliver(Cpu cpu, int vector, boolean hasError, int error, Source source) {
        long flags = cpu.rflags();
        if (source == Source.EXCEPTION && isFault(vector)) {
            flags |= Flags.RF;
        }
        if (cpu.longMode()) {
            deliverLong(cpu, vector, hasError, error, source, flags);
        } else if (cpu.protectedMode()) {
            LegacyGates.deliver(cpu, vector, hasError, error, source, flags);
        } else {
            deliverReal(cpu, vector, source);
        }
        if (vector == DEBUG && source == Source.EXCEPTION) {
            cpu.dr7 &= ~GENERAL_DETECT;
            // A handler that wants the next branch to trap says so anew (SDM vol. 3, 18.4.3; APM vol. 2, 13.1.1).
            cpu.debugControl &= ~ControlBits.BRANCH_STEP;
        }
    }

    /** Fault-class exceptions push RF = 1, so that an instruction breakpoint does not hit again (SDM vol. 3, 18.3.1.1). */
    private static boolean isFault(int vector) {
        return vector != DEBUG && vector != BREAKPOINT && vector != OVERFLOW && vector != MACHINE_CHECK;
    }

    private static void deliverLong(Cpu cpu, int vector, boolean hasError, int error, Source source, long flags) {
        int ext = source == Source.SOFTWARE ? 0 : 1;
        int gateError = vector << 3 | IDT | ext;
        int place = vector << 4;
        if (place + 15 > cpu.idtLimit) {
            throw cpu.generalProtection(null, gateError);
        }
        long gate = cpu.loadSystem(cpu.idtBase + place, 8);
        long upper = cpu.loadSystem(cpu.idtBase + place + 8, 8);
        int gateAccess = Descriptor.access(gate);
        int type = gateAccess & 0x1f;
        if (type != Descriptor.INTERRUPT_GATE32 && type != Descriptor.TRAP_GATE32
                || source == Source.SOFTWARE && Descriptor.dpl(gateAccess) < cpu.cpl) {
            throw cpu.generalProtection(null, gateError);
        }
        if (!Descriptor.present(gateAccess)) {
            throw cpu.segmentNotPresent(null, gateError);
        }
        int selector = Descriptor.gateSelector(gate);
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, ext);
        }
        long code = SegmentLoader.fetch(cpu, selector, SegmentLoader.GENERAL_PROTECTION, ext);
        int access = Descriptor.access(code);
        if (Descriptor.dpl(access) > cpu.cpl || (access & (Descriptor.LONG | Descriptor.BIG)) != Descriptor.LONG) {
            throw cpu.generalProtection(null, selector & 0xfffc | ext);
        }
        SegmentLoader.checkCode(cpu, selector, access, ext);
        int level = Descriptor.conformingCode(access) ? cpu.cpl : Descriptor.dpl(access);
        long rip = Descriptor.gateOffset(gate) | upper << 32;
        if (!cpu.canonical(rip)) {
            throw cpu.generalProtection(null, ext);
        }
        int stack = Descriptor.interruptStack(gate);
        long old = cpu.get64(StateLayout.RSP);
        long pointer = stack != 0
                ? TaskState.interruptStack(cpu, stack, ext)
                : level < cpu.cpl ? TaskState.stackPointer64(cpu, level, ext) : old;
        pointer = (pointer & -16L) - 40;
        if (!cpu.canonical(pointer)) {
            throw cpu.stackFault(null, ext);
        }
        cpu.storeStackAt(level, pointer + 32, 8, cpu.selector[RegisterFile.SS]);
        cpu.storeStackAt(level, pointer + 24, 8, old);
        cpu.storeStackAt(level, pointer + 16, 8, flags);
        cpu.storeStackAt(level, pointer + 8, 8, cpu.selector[RegisterFile.CS]);
        cpu.storeStackAt(level, pointer, 8, cpu.rip());
        if (hasError) {
            pointer -= 8;
            cpu.storeStackAt(level, pointer, 8, error & 0xffffffffL);
        }
        boolean inward = level < cpu.cpl;
        SegmentLoader.commitCode(cpu, selector, code, level);
        if (inward) {
            // The new SS is null with the level as RPL (SDM vol. 3, 6.14.2).
            SegmentLoader.commitNull(cpu, RegisterFile.SS, level);
        }
        cpu.setFlag(type == Descriptor.INTERRUPT_GATE32 ? CLEARED | Flags.IF : CLEARED, false);
        cpu.set64(StateLayout.RSP, pointer);
        cpu.setRip(rip);
        cpu.updateMode();
    }

    /** Real mode: a far pointer at vector * 4; no error code (SDM vol. 3, 20.1.4). */
    static void deliverReal(Cpu cpu, int vector, Source source) {
        int place = vector << 2;
        if (place + 3 > cpu.idtLimit) {
            throw cpu.generalProtection(null, vector << 3 | IDT | (source == Source.SOFTWARE ? 0 : 1));
        }
        long pointer = cpu.loadSystem(cpu.idtBase + place & 0xffffffffL, 4);
        FarStack stack = FarStack.current(cpu, 0);
        stack.push(2, cpu.rflags());
        stack.push(2, cpu.selector[RegisterFile.CS]);
        stack.push(2, cpu.rip());
        stack.commit();
        SegmentLoader.commitReal(cpu, RegisterFile.CS, (int) (pointer >>> 16));
        cpu.setRip(pointer & 0xffff);
        cpu.setFlag(Flags.IF | Flags.TF | Flags.AC | Flags.RF, false);
        cpu.updateMode();
    }
}
