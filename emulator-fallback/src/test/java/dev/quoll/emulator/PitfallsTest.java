package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The table of pitfalls: each names tests that exist, and {@code docs/pitfalls.md} shows it. After a change of the table,
 * {@code mvn -pl emulator-fallback -am test -Dtest=PitfallsTest -Dquoll.update=true -Dsurefire.failIfNoSpecifiedTests=false}
 * writes the page anew.
 */
class PitfallsTest {
    private static final int ITEMS = 94;
    private static final Path PAGE = root().resolve("docs/pitfalls.md");
    private static final Pattern ITEM = Pattern.compile("(\\d+) (.+)");
    private static final Pattern REFERENCE = Pattern.compile("    ([a-z-]+) (\\w+)\\.(\\w+)");
    private static final Pattern REASON = Pattern.compile("    - (.+)");

    private record Reference(String module, String type, String method) {
        String name() {
            return type + "." + method;
        }
    }

    private record Pitfall(int number, String text, String chapter, List<Reference> tests, List<String> reasons) {}

    /** The folder that holds all modules. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        return Files.isDirectory(folder.resolve("docs")) ? folder : folder.getParent();
    }

    private static List<Pitfall> table() throws IOException {
        List<Pitfall> list = new ArrayList<>();
        String chapter = "";
        try (InputStream in = PitfallsTest.class.getResourceAsStream("pitfalls.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                Matcher item = ITEM.matcher(line);
                Matcher reference = REFERENCE.matcher(line);
                Matcher reason = REASON.matcher(line);
                if (line.startsWith("= ")) {
                    chapter = line.substring(2);
                } else if (item.matches()) {
                    int number = Integer.parseInt(item.group(1));
                    list.add(new Pitfall(number, item.group(2), chapter, new ArrayList<>(), new ArrayList<>()));
                } else if (reference.matches()) {
                    list.getLast().tests.add(new Reference(reference.group(1), reference.group(2), reference.group(3)));
                } else if (reason.matches()) {
                    list.getLast().reasons.add(reason.group(1));
                } else {
                    assertThat(line.isBlank() || line.startsWith("#")).as("line \"%s\"", line).isTrue();
                }
            }
        }
        return list;
    }

    /** Source file of each test class of a module. */
    private static Map<String, Path> testsOf(String module) throws IOException {
        Map<String, Path> map = new HashMap<>();
        try (Stream<Path> files = Files.walk(root().resolve(module).resolve("src/test/java"))) {
            files.filter(file -> file.toString().endsWith("Test.java"))
                    .forEach(file -> map.put(file.getFileName().toString().replace(".java", ""), file));
        }
        return map;
    }

    /** Whether a source text has a test method of that name: one with its annotation in front of it. */
    private static boolean isTest(String source, String method) {
        int at = source.indexOf(" void " + method + "(");
        if (at < 0) {
            return false;
        }
        String head = source.substring(source.lastIndexOf("\n\n", at), at);
        return head.contains("@Test") || head.contains("@ParameterizedTest") || head.contains("@RepeatedTest");
    }

    @Test
    void everyPitfallNamesTestsThatExist() throws IOException {
        List<Pitfall> table = table();
        for (int i = 0; i < ITEMS; i++) {
            assertThat(table.get(i).number).isEqualTo(i + 1);
        }
        assertThat(table).hasSize(ITEMS);
        Map<String, Map<String, Path>> modules = new HashMap<>();
        for (Pitfall pitfall : table) {
            assertThat(pitfall.tests.size() + pitfall.reasons.size()).as("tests of %d", pitfall.number).isPositive();
            for (Reference reference : pitfall.tests) {
                if (!modules.containsKey(reference.module)) {
                    modules.put(reference.module, testsOf(reference.module));
                }
                Path source = modules.get(reference.module).get(reference.type);
                assertThat(source).as("%s of pitfall %d", reference.name(), pitfall.number).isNotNull();
                assertThat(isTest(Files.readString(source), reference.method))
                        .as("test %s of pitfall %d", reference.name(), pitfall.number)
                        .isTrue();
            }
        }
    }

    @Test
    void thePageIsTheTable() throws IOException {
        String page = page(table());
        if (Boolean.getBoolean("quoll.update")) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE).as("made anew with -Dquoll.update=true").hasContent(page);
    }

    private static String page(List<Pitfall> table) throws IOException {
        StringBuilder text = new StringBuilder(
                """
                # Pitfalls

                What young x86 emulators get wrong, and the tests that show it right here. `PitfallsTest` makes this page of
                `pitfalls.txt` beside it; change that one.
                """);
        String chapter = "";
        for (Pitfall pitfall : table) {
            if (!pitfall.chapter.equals(chapter)) {
                chapter = pitfall.chapter;
                text.append("\n## ").append(chapter).append("\n\n| | what | tests |\n|---|---|---|\n");
            }
            List<String> cells = new ArrayList<>();
            for (Reference reference : pitfall.tests) {
                Path source = testsOf(reference.module).get(reference.type);
                cells.add("[`%s`](../%s)".formatted(reference.name(), root().relativize(source)));
            }
            cells.addAll(pitfall.reasons);
            text.append("| %d | %s | %s |%n".formatted(pitfall.number, pitfall.text, String.join("<br>", cells)));
        }
        return text.toString();
    }
}
