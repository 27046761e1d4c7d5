package dev.quoll.emulator.lab;

import dev.quoll.emulator.ProofCounts;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.machine.CpuProfile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The page that says what a {@link LabRun} has proven. */
final class LabPage {
    private static final String HEAD =
            """
            # The Java CPU beside the host's processor

            Written by `./quoll test --oracle`, which runs the comparison anew, with a new seed, and rewrites this page
            (`-Dquoll.seed=` repeats a run, `-Dquoll.oracle.executions=` sets its length). An execution is one instruction, or what is
            none, run from one random state on the processor of the host and on the emulator. Compared are all general registers,
            RFLAGS, x87 and SSE environment, x87 stack, XMM and YMM registers, the bases of FS and GS, DS and ES, and all memory; after
            a fault or trap also its vector, error code, CR2, CS:RIP and SS. Encodings are random in everything a row leaves open:
            registers, addressing forms, prefixes (66, F2, F3, REX, 67, segments, LOCK, sensible or not, several of a kind, up to 15
            bytes and more), VEX fields, immediates. Operands lie anywhere in a page, over the border of two, on read-only and on missing
            pages, at non-canonical addresses and over 4 GiB; code also over a page border and cut off by a missing page. One execution
            in forty is a single step.

            """;

    /** What a guest can be offered at most. */
    private static final CpuProfile WIDEST = CpuProfile.named("v3+" + String.join("+", CpuProfile.more()));

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
        departures();
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
        line("rows with tests from the manuals only", number(byManuals()));
        line("rows that no profile offers: refused", number(refused()));
        line("mismatches", number(proof.mismatched()));
        line("seconds", number(duration.toSeconds()));
    }

    /** Rows that a profile offers and the host cannot prove. */
    private long byManuals() {
        return rows.stream().filter(row -> !proven(row) && offered(row)).count();
    }

    private long refused() {
        return rows.stream().filter(row -> !proven(row) && !offered(row)).count();
    }

    private static boolean offered(OpcodeRow row) {
        return row.feature().cpuid().map(WIDEST::offers).orElse(true);
    }

    /** Adds what the page begins with to the table of all proofs. */
    void count() throws IOException {
        ProofCounts.add("opcode rows", rows.size(), OracleReport.class);
        ProofCounts.add("opcode rows proven natively", rows.stream().filter(this::proven).count(), OracleReport.class);
        ProofCounts.add("opcode rows with tests from the manuals only", byManuals(), OracleReport.class);
        ProofCounts.add("opcode rows that no profile offers: refused", refused(), OracleReport.class);
        ProofCounts.add("executions compared", run.proof().total(), OracleReport.class);
        ProofCounts.add("mismatches", run.proof().mismatched(), OracleReport.class);
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
        text.append("\n## Rows not proven natively\n\nTheir tests are written from the manuals, or show that they are refused.\n\n");
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
        if (!offered(row)) {
            return "no profile offers " + row.feature() + ": refused";
        }
        if (!run.host().has(row.feature())) {
            return "the host's processor lacks " + row.feature();
        }
        return "it exists in 16-bit code only, or was not met in this run";
    }

    private void departures() {
        text.append(
                """

                ## What may differ, and what is not compared

                | what | why | met |
                |---|---|---|
                """);
        for (Departure departure : Departure.values()) {
            text.append("| %s | %s | %s |%n".formatted(
                    departure.what(),
                    departure.reason(),
                    departure.compared() ? number(run.proof().departures(departure)) : "not compared"));
        }
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
        text.append(mismatches.isEmpty() ? "None.\n" : "At most two of each row are shown.\n\n");
        mismatches.forEach(mismatch -> text.append("```\n").append(mismatch.stripTrailing()).append("\n```\n\n"));
    }
}
