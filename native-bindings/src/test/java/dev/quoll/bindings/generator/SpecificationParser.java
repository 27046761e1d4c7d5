package dev.quoll.bindings.generator;

import dev.quoll.bindings.generator.Specification.Constant;
import dev.quoll.bindings.generator.Specification.Field;
import dev.quoll.bindings.generator.Specification.Function;
import dev.quoll.bindings.generator.Specification.Group;
import dev.quoll.bindings.generator.Specification.Member;
import dev.quoll.bindings.generator.Specification.Parameter;
import dev.quoll.bindings.generator.Specification.Struct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads a spec file: preprocessor lines, {@code package}, {@code header}, {@code constants int|long { ... }},
 * structures in C, and function prototypes in C. A prototype may be preceded by {@code errno} (record errno), may have
 * {@code ...} before the parameters that C passes as variadic, and may be followed by {@code as name}.
 *
 * <p>The C subset is small on purpose: the compiler confirms each declaration later, so a slip is found there.
 */
final class SpecificationParser {
    private static final Pattern TOKEN = Pattern.compile("\\.\\.\\.|[A-Za-z_][A-Za-z_0-9.]*|[0-9]+|[{}()\\[\\];,*]");

    private final Path file;
    private final List<String> tokens = new ArrayList<>();
    private final List<String> preamble = new ArrayList<>();
    private int next;

    private SpecificationParser(Path file) throws IOException {
        this.file = file;
        for (String line : Files.readAllLines(file)) {
            int comment = line.indexOf("//");
            String code = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (code.startsWith("#")) {
                preamble.add(code);
                continue;
            }
            var matcher = TOKEN.matcher(code);
            int end = 0;
            while (matcher.find()) {
                if (!code.substring(end, matcher.start()).isBlank()) {
                    throw error("unexpected text '" + code.substring(end, matcher.start()) + "' in: " + code);
                }
                tokens.add(matcher.group());
                end = matcher.end();
            }
            if (!code.substring(end).isBlank()) {
                throw error("unexpected text '" + code.substring(end) + "' in: " + code);
            }
        }
    }

    /** Parses {@code file}; a mistake in it is an {@link IllegalArgumentException} that names the file and the text. */
    static Specification parse(Path file) throws IOException {
        return new SpecificationParser(file).specification();
    }

    private Specification specification() {
        String packageName = null;
        String header = null;
        List<Constant> constants = new ArrayList<>();
        List<Struct> structs = new ArrayList<>();
        List<Function> functions = new ArrayList<>();
        while (next < tokens.size()) {
            switch (peek(0)) {
                case "package" -> packageName = valueStatement();
                case "header" -> header = valueStatement();
                case "constants" -> constants(constants);
                case "typedef" -> structs.add(typedef());
                case "struct" -> {
                    if (peek(2).equals("{")) {
                        structs.add(struct());
                    } else {
                        functions.add(function());
                    }
                }
                default -> functions.add(function());
            }
        }
        if (packageName == null || header == null) {
            throw error("'package' and 'header' must be given");
        }
        return new Specification(packageName, header, preamble, constants, structs, functions);
    }

    private String valueStatement() {
        take();
        String value = take();
        expect(";");
        return value;
    }

    private void constants(List<Constant> into) {
        expect("constants");
        String type = take();
        expect("{");
        while (!peek(0).equals("}")) {
            into.add(new Constant(take(), type));
        }
        expect("}");
    }

    private Struct struct() {
        expect("struct");
        String name = take();
        var members = members();
        expect(";");
        return new Struct(name, "struct " + name, members);
    }

    private Struct typedef() {
        expect("typedef");
        expect("struct");
        var members = members();
        String name = take();
        expect(";");
        return new Struct(name, name, members);
    }

    private List<Member> members() {
        expect("{");
        List<Member> members = new ArrayList<>();
        while (!peek(0).equals("}")) {
            if (peek(1).equals("{")) {
                boolean union = take().equals("union");
                var inner = members();
                String name = peek(0).equals(";") ? "" : take();
                members.add(new Group(union, name, inner));
            } else {
                fields(members);
            }
            expect(";");
        }
        expect("}");
        return members;
    }

    /** {@code type a, b[3]} up to, but without, the semicolon. */
    private void fields(List<Member> into) {
        List<String> words = new ArrayList<>();
        while (!";,[".contains(peek(0))) {
            words.add(take());
        }
        String name = name(words);
        String type = joined(words);
        while (true) {
            int length = Field.SCALAR;
            if (peek(0).equals("[")) {
                expect("[");
                length = peek(0).equals("]") ? Field.FLEXIBLE : Integer.parseInt(take());
                expect("]");
            }
            into.add(new Field(type, name, length));
            if (!peek(0).equals(",")) {
                return;
            }
            expect(",");
            name = take();
        }
    }

    private Function function() {
        boolean errno = peek(0).equals("errno");
        if (errno) {
            take();
        }
        List<String> words = new ArrayList<>();
        while (!peek(0).equals("(")) {
            words.add(take());
        }
        String symbol = name(words);
        expect("(");
        List<Parameter> parameters = new ArrayList<>();
        int firstVariadic = -1;
        List<String> parameter = new ArrayList<>();
        while (true) {
            String token = take();
            if (token.equals("...")) {
                firstVariadic = parameters.size();
            } else if (token.equals(",") || token.equals(")")) {
                if (!parameter.equals(List.of("void"))) {
                    String name = name(parameter);
                    parameters.add(new Parameter(joined(parameter), name));
                }
                parameter.clear();
                if (token.equals(")")) {
                    break;
                }
            } else {
                parameter.add(token);
            }
        }
        String javaName = symbol;
        if (peek(0).equals("as")) {
            take();
            javaName = take();
        }
        expect(";");
        return new Function(symbol, javaName, joined(words), parameters, firstVariadic, errno);
    }

    /** The last of {@code words}, which is removed; what stays is the type. */
    private String name(List<String> words) {
        if (words.size() < 2) {
            throw error("expected a type and a name before '" + peek(0) + "' but found only " + words);
        }
        return words.removeLast();
    }

    private static String joined(List<String> words) {
        return String.join(" ", words).replace("* *", "**");
    }

    private String peek(int ahead) {
        return next + ahead < tokens.size() ? tokens.get(next + ahead) : "";
    }

    private String take() {
        if (next >= tokens.size()) {
            throw error("unexpected end of file");
        }
        return tokens.get(next++);
    }

    private void expect(String token) {
        String found = take();
        if (!found.equals(token)) {
            int from = Math.max(0, next - 8);
            throw error("expected '" + token + "' but found '" + found + "' after: "
                    + String.join(" ", tokens.subList(from, next - 1)));
        }
    }

    private IllegalArgumentException error(String what) {
        return new IllegalArgumentException(file + ": " + what);
    }
}
