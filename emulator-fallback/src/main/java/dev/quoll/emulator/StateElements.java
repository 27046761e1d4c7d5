package dev.quoll.emulator;

import dev.quoll.machine.CpuElement;
import java.util.ArrayList;
import java.util.List;

/** Reads and writes a stopped vCPU's architectural state as engine-neutral elements. */
final class StateElements {
    private StateElements() {}

    static CpuElement read(EmulatorCpu cpu, CpuElement.Kind kind) {
        return switch (kind) {
            case GENERAL, CONTROL, SEGMENTS, XSAVE, DEBUG -> CoreElements.read(cpu, kind);
            case MSRS -> {
                List<CpuElement.Msr> list = new ArrayList<>(cpu.msrs().saved());
                CoreMsrs.save(cpu, list);
                yield new CpuElement.Msrs(list);
            }
            case LOCAL_APIC -> cpu.apic().save();
            case EVENTS ->
                new CpuElement.Events(
                        cpu.nmiPending(),
                        cpu.nmiBlocked,
                        cpu.inStiShadow(),
                        cpu.inMovSsShadow(),
                        cpu.pendingException());
            case RUN_STATE -> new CpuElement.RunState(cpu.activity());
            case TSC -> cpu.msrs().tscState();
        };
    }

    static void write(EmulatorCpu cpu, CpuElement element) {
        switch (element) {
            case CpuElement.General _,
                    CpuElement.Control _,
                    CpuElement.Segments _,
                    CpuElement.Xsave _,
                    CpuElement.Debug _ -> CoreElements.write(cpu, element);
            case CpuElement.Msrs(List<CpuElement.Msr> values) -> {
                for (CpuElement.Msr msr : values) {
                    if (CoreMsrs.owns(msr.number())) {
                        CoreMsrs.restore(cpu, msr);
                    } else {
                        cpu.msrs().restore(msr);
                    }
                }
            }
            case CpuElement.LocalApicPage page -> cpu.apic().restore(page);
            case CpuElement.Events events -> {
                cpu.nmiBlocked = events.nmiBlocked();
                cpu.setNmiPending(events.nmiPending());
                cpu.endShadows();
                if (events.stiShadow()) {
                    cpu.beginStiShadow();
                }
                if (events.movSsShadow()) {
                    cpu.beginMovSsShadow();
                }
                cpu.setPendingException(events.exception());
            }
            case CpuElement.RunState(CpuElement.Activity activity) -> cpu.setActivity(activity);
            case CpuElement.Tsc tsc -> cpu.msrs().setTscState(tsc);
        }
    }
}
