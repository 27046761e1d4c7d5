package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.EventDelivery.Source;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/** Interrupt, trap and task gates of 16- and 32-bit protected mode, entered from virtual-8086 mode too. */
final class LegacyGates {
    private LegacyGates() {}

    static void deliver(Cpu cpu, int vector, boolean hasError, int error, Source source, long flags) {
        int ext = source == Source.SOFTWARE ? 0 : 1;
        int gateError = vector << 3 | Delivery.IDT | ext;
        if ((vector << 3) + 7 > cpu.idtLimit) {
            throw cpu.generalProtection(null, gateError);
        }
        long gate = cpu.loadSystem(cpu.idtBase + (vector << 3) & 0xffffffffL, 8);
        int gateAccess = Descriptor.access(gate);
        int type = Descriptor.systemType(gateAccess);
        boolean known = switch (type) {
            case Descriptor.TASK_GATE,
                    Descriptor.INTERRUPT_GATE16,
                    Descriptor.TRAP_GATE16,
                    Descriptor.INTERRUPT_GATE32,
                    Descriptor.TRAP_GATE32 -> true;
            default -> false;
        };
        if (!known || source == Source.SOFTWARE && Descriptor.dpl(gateAccess) < cpu.cpl) {
            throw cpu.generalProtection(null, gateError);
        }
        if (!Descriptor.present(gateAccess)) {
            throw cpu.segmentNotPresent(null, gateError);
        }
        if (type == Descriptor.TASK_GATE) {
            TaskSwitch.throughInterrupt(cpu, Descriptor.gateSelector(gate), hasError, error, ext, flags);
            return;
        }
        int selector = Descriptor.gateSelector(gate);
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, ext);
        }
        long code = SegmentLoader.fetch(cpu, selector, SegmentLoader.GENERAL_PROTECTION, ext);
        int access = Descriptor.access(code);
        if (!Descriptor.code(access) || Descriptor.dpl(access) > cpu.cpl) {
            throw cpu.generalProtection(null, selector & 0xfffc | ext);
        }
        SegmentLoader.checkCode(cpu, selector, access, ext);
        int level = Descriptor.conformingCode(access) ? cpu.cpl : Descriptor.dpl(access);
        boolean virtual = cpu.virtual8086();
        if (virtual && level != 0) {
            throw cpu.generalProtection(null, selector & 0xfffc | ext);
        }
        boolean wide = (type & 8) != 0;
        int size = wide ? 4 : 2;
        long entry = wide ? Descriptor.gateOffset(gate) : gate & 0xffff;

        int stackSelector = 0;
        long stackDescriptor = 0;
        FarStack stack;
        boolean inward = level < cpu.cpl;
        if (inward) {
            long pointer = TaskState.stackPointer(cpu, level, ext);
            stackSelector = TaskState.stackSelector(cpu, level);
            stackDescriptor = SegmentLoader.checkStack(cpu, stackSelector, level, SegmentLoader.INVALID_TSS, ext);
            stack = FarStack.of(cpu, level, stackDescriptor, pointer, stackSelector & 0xfffc | ext);
            SegmentLoader.checkEntry(cpu, code, entry, ext);
            if (virtual) {
                for (int segment : new int[] {RegisterFile.GS, RegisterFile.FS, RegisterFile.DS, RegisterFile.ES}) {
                    stack.push(size, cpu.selector[segment]);
                }
            }
            stack.push(size, cpu.selector[RegisterFile.SS]);
            stack.push(size, cpu.get64(StateLayout.RSP));
        } else {
            SegmentLoader.checkEntry(cpu, code, entry, ext);
            stack = FarStack.current(cpu, ext);
        }
        stack.push(size, flags);
        stack.push(size, cpu.selector[RegisterFile.CS]);
        stack.push(size, cpu.rip());
        if (hasError) {
            stack.push(size, error);
        }

        if (inward) {
            stackDescriptor = SegmentLoader.markAccessed(cpu, stackSelector, stackDescriptor);
        }
        SegmentLoader.commitCode(cpu, selector, code, level);
        if (inward) {
            SegmentLoader.commit(cpu, RegisterFile.SS, stackSelector, stackDescriptor);
        }
        if (virtual) {
            SegmentLoader.commitNull(cpu, RegisterFile.ES, 0);
            SegmentLoader.commitNull(cpu, RegisterFile.DS, 0);
            SegmentLoader.commitNull(cpu, RegisterFile.FS, 0);
            SegmentLoader.commitNull(cpu, RegisterFile.GS, 0);
        }
        boolean masks = type == Descriptor.INTERRUPT_GATE16 || type == Descriptor.INTERRUPT_GATE32;
        cpu.setFlag(Flags.TF | Flags.NT | Flags.RF | Flags.VM | (masks ? Flags.IF : 0), false);
        stack.commit();
        cpu.setRip(entry);
        cpu.updateMode();
    }
}
