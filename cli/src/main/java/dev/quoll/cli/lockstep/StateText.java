package dev.quoll.cli.lockstep;

import dev.quoll.machine.CpuState;
import java.util.Map;

/** A CPU's state for a reader: what is compared, several values a line, zero vectors left out. */
final class StateText {
    private static final int WIDTH = 100;

    private StateText() {}

    static String of(CpuState state) {
        StringBuilder text = new StringBuilder();
        StringBuilder line = new StringBuilder();
        for (Map.Entry<String, String> value : StateComparison.values(state).entrySet()) {
            if (dull(value.getKey(), value.getValue())) {
                continue;
            }
            String item = "  %-6s %s".formatted(value.getKey(), value.getValue());
            if (line.length() + item.length() > WIDTH) {
                text.append(line).append(System.lineSeparator());
                line.setLength(0);
            }
            line.append(item);
        }
        return text.append(line).append(System.lineSeparator()).toString();
    }

    private static boolean dull(String name, String value) {
        boolean many = name.matches("XMM.*|YMM.*|ST\\(.*|MSR_.*|APIC\\..*|DR[0-3]");
        return many && value.matches("[0:]*");
    }
}
