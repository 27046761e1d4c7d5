package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int quoll(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .execute(arguments);
    }

    @Test
    void versionNamesQuollAndJava() {
        assertThat(quoll("version")).isZero();
        assertThat(out.toString()).startsWith("quoll ").contains("Java " + Runtime.version());
    }

    @Test
    void everyCommandHasHelpAndHelpEndsWell() {
        for (String command : Main.commandLine().getSubcommands().keySet()) {
            assertThat(quoll(command, "--help")).as(command).isZero();
        }
        assertThat(quoll("--help")).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void wrongOptionsAreOneSentenceAndStatusTwo() {
        assertThat(quoll("version", "--nonsense")).isEqualTo(ExitStatus.USAGE.code());
        assertThat(err.toString()).contains("--nonsense").doesNotContain("\tat ").doesNotContain("Exception");
        assertThat(quoll()).isEqualTo(ExitStatus.USAGE.code());
        assertThat(quoll("fly")).isEqualTo(ExitStatus.USAGE.code());
        assertThat(quoll("disasm", "--hex", "0f 0")).isEqualTo(ExitStatus.USAGE.code());
        assertThat(quoll("disasm", "--hex", "90", "--bits", "33")).isEqualTo(ExitStatus.USAGE.code());
        assertThat(quoll("disasm", "--hex", "90", "--address", "here")).isEqualTo(ExitStatus.USAGE.code());
    }

    @Test
    void instrumentsThatCannotBeHadAreOneSentenceBeforeTheGuestStarts() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "not ELF");
        String[][] wrong = {
            {"--symbols", text + "@zz"}, {"--symbols", text.toString()}, {"--symbols", text + "missing"},
            {"--jfr", folder.resolve("no/folder").toString()}
        };
        int[] statuses = {
            ExitStatus.USAGE.code(), ExitStatus.HOST_IO.code(), ExitStatus.HOST_IO.code(), ExitStatus.HOST_IO.code()
        };
        for (int i = 0; i < wrong.length; i++) {
            assertThat(quoll("demo", "--engine", "emulator", "--seconds", "1", "--profile", wrong[i][0], wrong[i][1]))
                    .as(String.join(" ", wrong[i]))
                    .isEqualTo(statuses[i]);
        }
        assertThat(err.toString().lines()).hasSize(wrong.length).allMatch(line -> line.startsWith("quoll: "));
    }

    @Test
    void theWordBehindProfileIsTheGuestUnlessAnEqualsSignStandsBetween() throws Exception {
        assertThat(quoll("run", "--profile", "nobody")).isEqualTo(ExitStatus.USAGE.code());
        assertThat(err.toString()).contains("There is no guest \"nobody\"");
        Path file = folder.resolve("profile.txt");
        assertThat(quoll("demo", "--engine", "emulator", "--seconds", "1", "--profile=" + file)).isZero();
        assertThat(Files.readAllLines(file).getFirst()).startsWith("profile: ").endsWith("% halted");
        assertThat(err.toString()).doesNotContain("profile: ");
    }

    @Test
    void missingFileIsOneSentence() {
        Path missing = folder.resolve("missing.bin");
        assertThat(quoll("disasm", missing.toString())).isEqualTo(ExitStatus.NO_IMAGE.code());
        assertThat(err.toString()).isEqualToIgnoringNewLines("quoll: there is no file " + missing + ".");
    }

    @Test
    void badKernelsHaveDistinctStatusesAndOneSentence() throws Exception {
        Path missing = folder.resolve("vmlinuz");
        assertThat(quoll("run", "--kernel", missing.toString())).isEqualTo(ExitStatus.NO_IMAGE.code());
        assertThat(said()).isEqualTo("quoll: the kernel " + missing + " does not exist.");
        assertThat(quoll("run", "--kernel", folder.toString())).isEqualTo(ExitStatus.NO_IMAGE.code());
        assertThat(said()).isEqualTo("quoll: the kernel " + folder + " is a folder.");
        Path junk = Files.writeString(folder.resolve("junk"), "this is no kernel");
        assertThat(quoll("run", "--kernel", junk.toString())).isEqualTo(ExitStatus.BAD_IMAGE.code());
        assertThat(said()).startsWith("quoll: ").hasLineCount(1);
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThat(quoll("run", "--kernel", empty.toString())).isEqualTo(ExitStatus.BAD_IMAGE.code());
        assertThat(said()).hasLineCount(1);
    }

    @Test
    void badChoicesOfRunAreUsageErrors() {
        for (String[] choice : new String[][] {
            {"--memory", "1"}, {"--memory", "lots"}, {"--memory", "600G"}, {"--cpus", "0"}, {"--cpus", "65"},
            {"--cpu", "v9"}, {"--engine", "steam"}, {"--console", "tty"}, {"--machine", "mainframe"},
            {"--kit", "bsd"}, {"--unpack", "never"}
        }) {
            assertThat(quoll("run", "--kernel", "/dev/null", choice[0], choice[1])).as(choice[1]).isEqualTo(ExitStatus.USAGE.code());
            assertThat(said()).contains(choice[1].equals("1") ? "2 MiB" : "").doesNotContain("Exception").hasLineCount(2);
        }
    }

    /** What is on standard error since the last call, without the end of line. */
    private String said() {
        String text = err.toString().stripTrailing();
        err.getBuffer().setLength(0);
        return text;
    }

    @Test
    void debugShowsWhereAnErrorCameFrom() throws Exception {
        Path notAFile = Files.createDirectory(folder.resolve("directory"));
        assertThat(quoll("disasm", "--debug", notAFile.toString())).isEqualTo(ExitStatus.HOST_IO.code());
        assertThat(err.toString()).contains("cannot be read").contains("    at ").contains("DisasmCommand");
    }
}
