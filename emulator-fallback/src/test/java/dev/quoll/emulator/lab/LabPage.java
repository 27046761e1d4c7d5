package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The page that says what a {@link LabRun} has proven. */
final class LabPage {
    private static final String HEAD =
            """
            # The Java CPU beside the host's processor

            Written by `./quoll test --oracle`, which runs the comparison anew, with a new seed, and rewrites this page
            (`-Dquoll.seed=` repeats a run, `-Dquoll.oracle.executions=` sets its length). An execution is one instruction, or what is
            none, run from one random state on the processor of the host and on the emulator. Compared are all general registers,
            RFLAGS, x87 and SSE environment, x87 stack, XMM and YMM registers, the bases of FS and GS, DS and ES, and all memory; after
            a fault or trap also its vector, error code, CR2 and RIP. Encodings are random in everything a row leaves open: registers,
            addressing forms, prefixes (66, F2, F3, REX, 67, segments, LOCK, sensible or not), VEX fields, immediates. Operands lie
            anywhere in a page, over the border of two, on read-only and on missing pages and at non-canonical addresses; code also over
            a page border and cut off by a missing page. One execution in forty is a single step.

            """;

    private static final String LEEWAY =
            """

            ## What may differ

            - Transcendental x87 instructions (%s) may differ by one unit in the last place, and in C1.
            - FXSAVE's MXCSR_MASK: a host with misaligned SSE shows a bit that no profile offers.
            - The P bit of page faults in the kernel's half of the address space, which Linux sets in what it reports.
            - The RPL of null selectors, which the host's system does not keep.
            - LOOPE and LOOPNE with F2 or F3: on the tested processor F3 makes a LOOPE of LOOPNE. No manual tells; not emulated, not compared.
            - Not compared: alignment checks (EFLAGS.AC is clear; they have a test of their own); which of two faults of one CALL comes first, the target's or the stack's; x87 pointers outside pending exceptions (AMD's processors do not save them); operands through FS or GS whose
              offset alone is not canonical (#GP on AMD's processors, not in the manuals); masked moves with 16-bit addresses; single steps of gathers; which bytes of an
              undefined opcode are fetched at the end of a mapped area.
            """;

    private final LabRun run;
    private final Duration duration;
    private final List<OpcodeRow> rows = OpcodeTable.rows();
    private final StringBuilder text = new StringBuilder(HEAD);

    LabPage(LabRun run, Duration duration) {
        this.run = run;
        this.duration = duration;
    }

    String text() {
        totals();
        features();
        unproven();
        text.append(LEEWAY.formatted(
                Leeway.TRANSCENDENTAL.stream().map(Mnemonic::name).collect(Collectors.joining(", "))));
        flags();
        mismatches();
        return text.toString();
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private long executions(OpcodeRow row) {
        return run.proof().executions(row, true) + run.proof().executions(row, false);
    }

    private boolean proven(OpcodeRow row) {
        return executions(row) > 0;
    }

    private void totals() {
        Proof proof = run.proof();
        long proven = rows.stream().filter(this::proven).count();
        long privileged = rows.stream().filter(row -> proven(row) && row.has(Attribute.PRIVILEGED)).count();
        text.append("| | |\n|---|---|\n");
        line("host", HostFeatures.model());
        line("seed", Long.toString(run.seed()));
        line("executions compared", number(proof.total()));
        line("of them bytes that are no instruction", number(proof.invalid()));
        line("of them programs of several instructions", number(proof.programs()));
        line("different encodings", number(proof.instances()));
        line("opcode rows", number(rows.size()));
        line("rows proven natively", number(proven));
        line("of them privileged: their refusal to user code", number(privileged));
        line("rows not proven natively", number(rows.size() - proven));
        line("mismatches", number(proof.mismatches().size()));
        line("seconds", number(duration.toSeconds()));
    }

    private void line(String what, String value) {
        text.append("| ").append(what).append(" | ").append(value).append(" |\n");
    }

    private void features() {
        text.append("\n## By feature\n\n| feature | rows | proven | executions, 64-bit code | executions, 32-bit code |\n|---|---|---|---|---|\n");
        Map<CpuFeature, List<OpcodeRow>> byFeature = new EnumMap<>(CpuFeature.class);
        rows.forEach(row -> byFeature.computeIfAbsent(row.feature(), key -> new ArrayList<>()).add(row));
        byFeature.forEach((feature, list) -> text.append("| %s | %d | %d | %s | %s |%n".formatted(
                feature,
                list.size(),
                list.stream().filter(this::proven).count(),
                number(list.stream().mapToLong(row -> run.proof().executions(row, true)).sum()),
                number(list.stream().mapToLong(row -> run.proof().executions(row, false)).sum()))));
    }

    private void unproven() {
        text.append("\n## Rows not proven natively\n\nTheir tests are written from the manuals.\n\n");
        Map<String, Map<String, Integer>> reasons = new LinkedHashMap<>();
        for (OpcodeRow row : rows) {
            if (!proven(row)) {
                reasons.computeIfAbsent(reason(row), key -> new TreeMap<>()).merge(row.mnemonic().name(), 1, Integer::sum);
            }
        }
        reasons.forEach((reason, mnemonics) -> text.append("- %d: %s: %s%n".formatted(
                mnemonics.values().stream().mapToInt(Integer::intValue).sum(),
                reason,
                String.join(", ", mnemonics.keySet()))));
    }

    private String reason(OpcodeRow row) {
        String excluded = Exclusions.reason(row);
        if (excluded != null) {
            return excluded;
        }
        if (!run.host().has(row.feature())) {
            return "the host's processor lacks " + row.feature();
        }
        return run.proof().lacks(row) ? "no profile offers it" : "it exists in 16-bit code only, or was not met in this run";
    }

    private void flags() {
        text.append(
                """

                ## Undefined flags

                The flags the manuals leave undefined, all compared where the host is AMD's. Intel's manual says only that they are
                undefined; nothing was run on its processors.

                | instruction | undefined | AMD family 19h, proven natively: %s | Intel, from the manual |
                |---|---|---|---|
                """
                        .formatted(run.host().amd() ? "yes" : "no, this host is another's"));
        Map<Mnemonic, List<OpcodeRow>> byMnemonic = new EnumMap<>(Mnemonic.class);
        rows.stream()
                .filter(row -> row.flagsUndefined() != 0)
                .forEach(row -> byMnemonic.computeIfAbsent(row.mnemonic(), key -> new ArrayList<>()).add(row));
        byMnemonic.forEach((mnemonic, list) -> text.append("| %s | %s | %s | undefined |%n".formatted(
                mnemonic, UndefinedFlagsTable.letters(list), UndefinedFlagsTable.amd(mnemonic))));
    }

    private void mismatches() {
        text.append("\n## Mismatches\n\n");
        List<String> mismatches = run.proof().mismatches();
        if (mismatches.isEmpty()) {
            text.append("None.\n");
        }
        mismatches.forEach(mismatch -> text.append("```\n").append(mismatch.stripTrailing()).append("\n```\n\n"));
    }
}
