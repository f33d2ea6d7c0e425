#!/usr/bin/env bash
# Whether a spreadsheet program reads our files as they are meant: LibreOffice opens an exported CSV and XLSX without a screen
# and writes what it sees; identifiers such as 00123 must still be text. Run with the URL and the POLICE token of a demonstration:
#   URL=http://127.0.0.1:8080 POLICE=… tests/clients/spreadsheets.sh
# As root on Debian and Ubuntu LibreOffice is installed when it is missing.
set -euo pipefail
: "${URL:?say where the service is}" "${POLICE:?give the token of an agency}"

if ! command -v soffice >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "install LibreOffice: apt-get install libreoffice-calc" >&2; exit 2; }
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-calc >/dev/null
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
auth=(-H "Authorization: Bearer $POLICE")
curl -sf "${auth[@]}" -X POST "$URL/v1/exports/escalations?purpose=data_quality&excel=true" -H 'Accept: text/csv' -o "$dir/export.csv"
curl -sf "${auth[@]}" -X POST "$URL/v1/exports/escalations?purpose=data_quality" \
    -H 'Accept: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' -o "$dir/export.xlsx"

# A report repeats identifiers as they were sent: here ones that a spreadsheet likes to turn into something else.
head=external_reference,raised_with_agency,theme,urgency,desired_outcome
printf '%s\r\n' "$head" '00123,anyborough_cs,other,standard,=1+1' '1E5,anyborough_cs,other,standard,Nothing.' >"$dir/in.csv"
where=$(curl -sf "${auth[@]}" -D - -o /dev/null "$URL/v1/imports?source=spreadsheet" -H 'Content-Type: text/csv' \
    --data-binary @"$dir/in.csv" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
until curl -sf "${auth[@]}" "$URL$where" | grep -q '"state":"succeeded"'; do sleep 0.2; done
curl -sf "${auth[@]}" "$URL$where" -H 'Accept: text/csv' -o "$dir/report.csv"

# 44 comma, 34 quotation mark, 76 UTF-8, from line 1, no types for columns, language en-GB, quoted cells are text.
seen() { # file, type to write
    soffice --headless --norestore "-env:UserInstallation=file://$dir/profile" \
        "--infilter=$3" --convert-to "$2" --outdir "$dir/out" "$1" >/dev/null 2>&1
}
csv_in='CSV:44,34,76,1,,2057,true,false,false'
seen "$dir/export.csv" fods "$csv_in"
mv "$dir/out/export.fods" "$dir/out/export-csv.fods"
seen "$dir/report.csv" fods "$csv_in"
seen "$dir/export.xlsx" fods 'Calc MS Excel 2007 XML'

check() { # what, file, pattern that must be there
    grep -q -- "$3" "$dir/out/$2" || { echo "FAILED: $1: $3 is not in $2" >&2; exit 1; }
    echo "ok: $1"
}
refuse() { # what, file, pattern that must not be there
    ! grep -q -- "$3" "$dir/out/$2" || { echo "FAILED: $1: $3 is in $2" >&2; exit 1; }
    echo "ok: $1"
}
check 'a leading zero stays, as text' report.fods '<text:p>00123</text:p>'
check 'what looks like a power of ten stays, as text' report.fods '<text:p>1E5</text:p>'
refuse 'and is no number' report.fods 'office:value="100000"'
refuse 'nothing became a formula' report.fods 'table:formula'
refuse 'nothing became a formula' export-csv.fods 'table:formula'
refuse 'nothing became a formula' export.fods 'table:formula'
for file in export-csv.fods export.fods; do
    check "a spoken reference is read in $file" "$file" '<text:p>ESC-'
    check "an instant is text in $file" "$file" '<text:p>20[0-9-]*T[0-9:.]*Z</text:p>'
    refuse "no instant became a date in $file" "$file" 'office:value-type="date"'
done
check 'the workbook says what it is' export.fods 'table:name="Read me"'
check 'the workbook has its codes' export.fods 'table:name="Codes"'
