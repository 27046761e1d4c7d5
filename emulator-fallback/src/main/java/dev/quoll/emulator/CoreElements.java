package dev.quoll.emulator;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.CpuElement.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * The elements of architectural state that live in the CPU core: registers, segments, control, FPU and vectors, debug. The
 * vCPU stands still.
 */
final class CoreElements {
    private CoreElements() {}

    /** Reads one. @throws IllegalArgumentException for a kind that lies outside the core */
    static CpuElement read(Cpu cpu, CpuElement.Kind kind) {
        return switch (kind) {
            case GENERAL -> {
                List<Long> registers = new ArrayList<>();
                for (int i = 0; i < 16; i++) {
                    registers.add(cpu.get64(StateLayout.gpr(i)));
                }
                yield new CpuElement.General(registers, cpu.rip(), cpu.rflags());
            }
            case CONTROL ->
                new CpuElement.Control(
                        cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4, cpu.platform().taskPriority(), cpu.efer, cpu.xcr0);
            case SEGMENTS ->
                new CpuElement.Segments(
                        segment(cpu, RegisterFile.ES),
                        segment(cpu, RegisterFile.CS),
                        segment(cpu, RegisterFile.SS),
                        segment(cpu, RegisterFile.DS),
                        segment(cpu, RegisterFile.FS),
                        segment(cpu, RegisterFile.GS),
                        segment(cpu, RegisterFile.LDTR),
                        segment(cpu, RegisterFile.TR),
                        new Table(cpu.gdtBase, cpu.gdtLimit),
                        new Table(cpu.idtBase, cpu.idtLimit));
            case XSAVE -> new CpuElement.Xsave(XsaveImage.save(cpu));
            case DEBUG ->
                new CpuElement.Debug(cpu.dr[0], cpu.dr[1], cpu.dr[2], cpu.dr[3], cpu.dr6, cpu.dr7);
            case MSRS, LOCAL_APIC, EVENTS, RUN_STATE, TSC -> throw new IllegalArgumentException(kind + " is no element of the core");
        };
    }

    private static Segment segment(RegisterFile cpu, int index) {
        return new Segment(cpu.selector[index], cpu.segmentBase(index), cpu.limit[index], cpu.access[index]);
    }

    /** Sets one. @throws IllegalArgumentException for a kind that lies outside the core */
    static void write(Cpu cpu, CpuElement element) {
        switch (element) {
            case CpuElement.General(List<Long> registers, long rip, long rflags) -> {
                for (int i = 0; i < 16; i++) {
                    cpu.set64(StateLayout.gpr(i), registers.get(i));
                }
                cpu.setRip(rip);
                cpu.setRflags(rflags);
                cpu.updateMode();
                // The local APIC may not be restored yet: the loop looks for interrupts before the first instruction.
                cpu.raise(Cpu.EVENT_INTERRUPT);
            }
            case CpuElement.Control(
                    long cr0, long cr2, long cr3, long cr4, long cr8, long efer, long xcr0) -> {
                cpu.cr0 = cr0;
                cpu.cr2 = cr2;
                cpu.cr3 = cr3;
                cpu.cr4 = cr4;
                cpu.efer = efer;
                cpu.xcr0 = xcr0;
                cpu.platform().setTaskPriority((int) cr8);
                cpu.forgetDirectoryPointers();
                cpu.flushAll();
                cpu.updateMode();
            }
            case CpuElement.Segments segments -> write(cpu, segments);
            case CpuElement.Xsave(byte[] area) -> XsaveImage.restore(cpu, area);
            case CpuElement.Debug(long dr0, long dr1, long dr2, long dr3, long dr6, long dr7) -> {
                cpu.dr[0] = dr0;
                cpu.dr[1] = dr1;
                cpu.dr[2] = dr2;
                cpu.dr[3] = dr3;
                cpu.dr6 = dr6;
                cpu.dr7 = dr7;
                cpu.flushAll();
                cpu.debugChanged();
            }
            case CpuElement.Msrs _,
                    CpuElement.LocalApicPage _,
                    CpuElement.Events _,
                    CpuElement.RunState _,
                    CpuElement.Tsc _ ->
                throw new IllegalArgumentException(element.kind() + " is no element of the core");
        }
    }

    private static void write(Cpu cpu, CpuElement.Segments segments) {
        segment(cpu, RegisterFile.ES, segments.es());
        segment(cpu, RegisterFile.CS, segments.cs());
        segment(cpu, RegisterFile.SS, segments.ss());
        segment(cpu, RegisterFile.DS, segments.ds());
        segment(cpu, RegisterFile.FS, segments.fs());
        segment(cpu, RegisterFile.GS, segments.gs());
        segment(cpu, RegisterFile.LDTR, segments.ldtr());
        segment(cpu, RegisterFile.TR, segments.tr());
        cpu.gdtBase = segments.gdtr().base();
        cpu.gdtLimit = segments.gdtr().limit();
        cpu.idtBase = segments.idtr().base();
        cpu.idtLimit = segments.idtr().limit();
        // CPL is the DPL of SS (SDM vol. 3, 5.5); in real mode that reads 0.
        cpu.cpl = cpu.protectedMode() ? segments.ss().access() >>> 5 & 3 : 0;
        cpu.updateMode();
    }

    private static void segment(RegisterFile cpu, int index, Segment segment) {
        cpu.selector[index] = segment.selector();
        cpu.setSegmentBase(index, segment.base());
        cpu.limit[index] = segment.limit();
        cpu.access[index] = segment.access();
    }
}
