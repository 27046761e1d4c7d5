package dev.quoll.bindings.generator;

import static dev.quoll.bindings.generator.JavaSource.identifier;

import dev.quoll.bindings.generator.Specification.Constant;
import dev.quoll.bindings.generator.Specification.Function;
import dev.quoll.bindings.generator.Specification.Parameter;
import java.util.ArrayList;
import java.util.List;

/** Writes the header class of a spec: constants as methods, functions with a holder class for each handle. */
final class HeaderWriter {
    private HeaderWriter() {}

    /** The text of the class file. A constant that this machine's headers lack is an error that names it. */
    static String write(Specification spec, String specFile, Measurements measured) {
        List<String> imports = spec.functions().isEmpty() ? List.of() : List.of(
                "dev.quoll.bindings.restricted.RestrictedOperations",
                "java.lang.foreign.FunctionDescriptor",
                "java.lang.foreign.MemorySegment",
                "java.lang.foreign.ValueLayout",
                "java.lang.invoke.MethodHandle");
        var out = new JavaSource(spec, specFile, imports);
        out.line("/**");
        out.line(" * Constants" + (spec.functions().isEmpty() ? "" : " and functions") + " of:");
        out.line(" *");
        out.line(" * {@snippet lang=c :");
        spec.preamble().forEach(line -> out.line(" * " + line));
        out.line(" * }");
        if (spec.functions().stream().anyMatch(Function::errno)) {
            out.line(" *");
            out.line(" * <p>A function whose first parameter is {@code errno} stores the call's error number there;");
            out.line(" * see {@link dev.quoll.bindings.CapturedErrno}. Where native access is not possible, every");
            out.line(" * function throws {@link dev.quoll.bindings.NativeUnavailableException}.");
        }
        out.line(" */");
        out.open("public final class " + spec.header()).line();
        out.method("private " + spec.header() + "()", "// static members only");
        for (Constant constant : spec.constants()) {
            constant(out, constant, measured);
        }
        for (Function function : spec.functions()) {
            function(out, function, measured);
        }
        return out.close().toString();
    }

    private static void constant(JavaSource out, Constant constant, Measurements measured) {
        long value = measured.constant(constant.name()).orElseThrow(() -> new IllegalArgumentException(
                "this machine's headers do not define " + constant.name()));
        boolean wide = constant.javaType().equals("long");
        if (!wide && value != (int) value && value >>> 32 != 0) {
            throw new IllegalArgumentException(constant.name() + " does not fit an int");
        }
        String text = wide ? value + "L" : Integer.toString((int) value);
        out.line("/** The value of {@code " + constant.name() + "}: " + (wide ? "0x" + Long.toHexString(value) : text)
                + ". */");
        out.method("public static " + constant.javaType() + " " + identifier(constant.name()) + "()",
                "return " + text + ";");
    }

    private static void function(JavaSource out, Function function, Measurements measured) {
        String name = identifier(function.javaName());
        boolean isVoid = function.returnType().equals("void");
        var returns = isVoid ? null : Carrier.of(function.returnType(), measured);
        List<String> layouts = new ArrayList<>();
        List<String> parameters = new ArrayList<>();
        List<String> arguments = new ArrayList<>();
        if (function.errno()) {
            parameters.add("MemorySegment errno");
            arguments.add("errno");
        }
        if (!isVoid) {
            layouts.add(returns.layout());
        }
        for (Parameter parameter : function.parameters()) {
            var carrier = Carrier.of(parameter.type(), measured);
            layouts.add(carrier.layout());
            parameters.add(carrier.javaType + " " + identifier(parameter.name()));
            arguments.add(identifier(parameter.name()));
        }
        String holder = name + "$holder";
        out.open("private static final class " + holder);
        out.line("static final FunctionDescriptor DESC = FunctionDescriptor.of" + (isVoid ? "Void" : "") + "(");
        out.line(String.join(",\n", layouts).indent(8).stripTrailing() + ");");
        out.line("static final MethodHandle HANDLE = RestrictedOperations.downcall(\"" + function.symbol()
                + "\", DESC, " + function.errno() + ");");
        out.close().line();

        String prototype = prototype(function);
        out.javadoc("The C types of {@code " + name + "}.", prototype);
        out.method("public static FunctionDescriptor " + name + "$descriptor()", "return " + holder + ".DESC;");
        out.javadoc("The downcall handle of {@code " + name + "}.", prototype);
        out.method("public static MethodHandle " + name + "$handle()", "return " + holder + ".HANDLE;");
        out.javadoc("Calls {@code " + function.symbol() + "}.", prototype);
        out.call("public static " + (isVoid ? "void" : returns.javaType) + " " + name, parameters);
        out.open("try");
        String call = holder + ".HANDLE.invokeExact(" + String.join(", ", arguments) + ");";
        out.line(isVoid ? call : "return (" + returns.javaType + ") " + call);
        out.reopen("catch (Error | RuntimeException e)").line("throw e;");
        out.reopen("catch (Throwable e)").line("throw new AssertionError(\"a downcall throws nothing checked\", e);");
        out.close().close().line();
    }

    private static String prototype(Function function) {
        List<String> parameters = new ArrayList<>();
        for (Parameter parameter : function.parameters()) {
            if (parameters.size() == function.firstVariadic()) {
                parameters.add("...");
                break;
            }
            parameters.add(spaced(parameter.type()) + parameter.name());
        }
        return spaced(function.returnType()) + function.symbol() + "("
                + (parameters.isEmpty() ? "void" : String.join(", ", parameters)) + ");";
    }

    private static String spaced(String type) {
        return type.endsWith("*") ? type : type + " ";
    }
}
