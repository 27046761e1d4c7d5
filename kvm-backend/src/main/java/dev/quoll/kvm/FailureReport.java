package dev.quoll.kvm;

import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuElement.Segment;
import dev.quoll.machine.Disassembler;
import dev.quoll.machine.Disassembler.CodeBits;
import dev.quoll.machine.VirtualCpu;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** The text of a failure: what KVM said, in words; the instruction where it said which; all registers. */
final class FailureReport {
    private static final List<String> NAMES = List.of(
            "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15");
    private static final Map<Integer, String> INTERNAL_ERRORS = Map.of(
            kvm_h.KVM_INTERNAL_ERROR_EMULATION(), "KVM's emulator does not know an instruction",
            kvm_h.KVM_INTERNAL_ERROR_SIMUL_EX(), "exceptions came together that KVM cannot combine",
            kvm_h.KVM_INTERNAL_ERROR_DELIVERY_EV(), "the delivery of an event left the guest in a way KVM does not handle",
            kvm_h.KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON(), "the processor left the guest for a reason KVM does not handle");
    private static final long EFER_LMA = 1 << 10;
    private static final int LONG_CODE = 1 << 13;
    private static final int BIG = 1 << 14;

    private FailureReport() {}

    /** {@code KVM_EXIT_INTERNAL_ERROR}. */
    static String internalError(VirtualCpu cpu, RunArea run) {
        int error = run.internalError();
        StringBuilder text = new StringBuilder("KVM cannot go on (internal error %d: %s)"
                .formatted(error, INTERNAL_ERRORS.getOrDefault(error, "unknown")));
        if (error == kvm_h.KVM_INTERNAL_ERROR_EMULATION()) {
            text.append(": ").append(instruction(cpu, run.failedInstruction()));
        } else {
            for (long datum : run.internalData()) {
                text.append(" %x".formatted(datum));
            }
        }
        return registers(cpu, text.toString());
    }

    /** An exit that no machine of this kind should ever see. */
    static String unexpected(VirtualCpu cpu, RunArea run, ExitReason reason) {
        if (reason == null) {
            return registers(cpu, "KVM gave exit reason %d, which this version does not know".formatted(run.exitReason()));
        }
        String detail = switch (reason) {
            case UNKNOWN -> ", hardware reason 0x%x".formatted(run.hardwareReason());
            case FAIL_ENTRY -> ", hardware reason 0x%x".formatted(run.entryFailureReason());
            case EXCEPTION -> ", vector %d, error code 0x%x".formatted((int) run.exception(), run.exception() >>> 32);
            case SYSTEM_EVENT -> ", type %d".formatted(run.systemEvent());
            default -> "";
        };
        return registers(cpu, "KVM stopped the CPU: %s (%s%s)".formatted(reason.meaning(), reason, detail));
    }

    /** {@code KVM_EXIT_DIRTY_RING_FULL} with nothing to take. */
    static String ringOverrun(VirtualCpu cpu) {
        return registers(cpu, "KVM has written beyond the end of its ring of written pages, and some are lost");
    }

    /** {@code KVM_RUN} itself failed. */
    static String runFailed(VirtualCpu cpu, String error) {
        return registers(cpu, "KVM_RUN failed: " + error);
    }

    private static String instruction(VirtualCpu cpu, byte[] bytes) {
        if (bytes.length == 0) {
            return "the kernel does not tell its bytes";
        }
        long rip = ((CpuElement.General) cpu.read(CpuElement.Kind.GENERAL)).rip();
        CodeBits bits = codeBits(cpu);
        String text = ServiceLoader.load(Disassembler.class)
                .findFirst()
                .map(disassembler -> "  " + disassembler.disassemble(bytes, 0, rip, bits).text())
                .orElse("");
        return HexFormat.ofDelimiter(" ").formatHex(bytes) + text;
    }

    private static CodeBits codeBits(VirtualCpu cpu) {
        long efer = ((CpuElement.Control) cpu.read(CpuElement.Kind.CONTROL)).efer();
        int access = ((CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS)).cs().access();
        if ((efer & EFER_LMA) != 0 && (access & LONG_CODE) != 0) {
            return CodeBits.BITS_64;
        }
        return (access & BIG) != 0 ? CodeBits.BITS_32 : CodeBits.BITS_16;
    }

    private static String registers(VirtualCpu cpu, String what) {
        StringBuilder text = new StringBuilder(what).append('\n');
        CpuElement.General general = (CpuElement.General) cpu.read(CpuElement.Kind.GENERAL);
        CpuElement.Control control = (CpuElement.Control) cpu.read(CpuElement.Kind.CONTROL);
        CpuElement.Segments segments = (CpuElement.Segments) cpu.read(CpuElement.Kind.SEGMENTS);
        text.append("at CS:RIP %04x:%016x, RFLAGS %08x%n".formatted(segments.cs().selector(), general.rip(), general.rflags()));
        for (int i = 0; i < NAMES.size(); i++) {
            text.append("%s %016x%s".formatted(NAMES.get(i), general.registers().get(i), i % 4 == 3 ? "\n" : "  "));
        }
        text.append("CR0 %08x  CR2 %016x  CR3 %x  CR4 %08x  EFER %x%n"
                .formatted(control.cr0(), control.cr2(), control.cr3(), control.cr4(), control.efer()));
        segment(text, "ES", segments.es());
        segment(text, "CS", segments.cs());
        segment(text, "SS", segments.ss());
        segment(text, "DS", segments.ds());
        segment(text, "FS", segments.fs());
        segment(text, "GS", segments.gs());
        segment(text, "LDTR", segments.ldtr());
        segment(text, "TR", segments.tr());
        return text.append("GDT %016x:%04x  IDT %016x:%04x"
                        .formatted(
                                segments.gdtr().base(),
                                segments.gdtr().limit(),
                                segments.idtr().base(),
                                segments.idtr().limit()))
                .toString();
    }

    private static void segment(StringBuilder text, String name, Segment segment) {
        text.append("%-4s %04x base %016x limit %08x access %05x%n"
                .formatted(name, segment.selector(), segment.base(), segment.limit(), segment.access()));
    }
}
