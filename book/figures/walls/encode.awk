# Rows of facts become JSON: for each fact its values, and one letter per row.
BEGIN { FS = "=" }
NF == 0 { next }
/^(root|user) [0-9]+$/ { rows++; next }
{
    fact = $1; value = substr($0, length($1) + 2)
    if (!(fact in first)) { first[fact] = 1; facts[++count] = fact }
    seen[fact, rows] = value
}
END {
    printf "{\n  \"bits\": [\"mnt\", \"uts\", \"ipc\", \"net\", \"pid\", \"cgroup\", \"user\", \"proc\", \"account\"],\n  \"facts\": {\n"
    for (f = 1; f <= count; f++) {
        fact = facts[f]; codes = ""; values = ""; n = 0; split("", code)
        for (row = 1; row <= rows; row++) {
            value = ((fact, row) in seen) ? seen[fact, row] : "-"
            if (!(value in code)) {
                code[value] = sprintf("%c", 97 + n++)
                values = values (n > 1 ? ", " : "") "\"" value "\""
            }
            codes = codes code[value]
        }
        printf "    \"%s\": {\n      \"values\": [%s],\n      \"rows\": \"%s\"\n    }%s\n", fact, values, codes, (f < count ? "," : "")
    }
    printf "  }\n}\n"
}
