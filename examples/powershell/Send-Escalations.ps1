<#
.SYNOPSIS
Sends records to the escalation tracker, in batches of 100, safe to repeat.
.DESCRIPTION
For Windows PowerShell 5.1 and PowerShell 7. Each *.json file of the folder is one record with its `source` and
`external_reference`, as POST /v1/escalations/batch takes it. A line is written for each record, and with -ReportPath a CSV
file. The token is read from the environment variable ESCALATIONS_TOKEN, so that it stands in no history and no process list.

Ends with 0 when every record is stored, 1 when one was refused, 2 when the service did not answer, 3 when the
call is wrong or PowerShell may not run it here.
.EXAMPLE
$env:ESCALATIONS_TOKEN = Get-Content C:\secrets\token.txt
.\Send-Escalations.ps1 -Url https://tracker.example -Path C:\export -Proxy http://proxy:8080 -ProxyUseDefaultCredentials
.EXAMPLE
.\Send-Escalations.ps1 -Url https://tracker.example -UseTestRecord -TestAgency anyborough_cs -DryRun
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)] [string] $Url,
    [string] $Path,
    [switch] $UseTestRecord,
    [string] $TestAgency = 'anyborough_cs',
    [switch] $DryRun,
    [uri] $Proxy,
    [switch] $ProxyUseDefaultCredentials,
    [string] $ReportPath,
    [ValidateRange(1, 10)] [int] $Tries = 6
)

$ErrorActionPreference = 'Stop'
$MostInABatch = 100

function Stop-Wrong([string] $Words) {
    [Console]::Error.WriteLine($Words)
    exit 3
}

# In constrained language mode .NET types cannot be used, and the request would fail in the middle.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Output "PowerShell runs in $($ExecutionContext.SessionState.LanguageMode) here; ask for this script to be allowed."
    exit 3
}
# Windows PowerShell 5.1 may offer TLS 1.0 only.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

$token = $env:ESCALATIONS_TOKEN
if (-not $token) { Stop-Wrong 'Say the access token in the environment variable ESCALATIONS_TOKEN.' }
if ($UseTestRecord -eq [bool] $Path) { Stop-Wrong 'Say -Path or -UseTestRecord, one of them.' }
if ($ProxyUseDefaultCredentials -and -not $Proxy) { Stop-Wrong '-ProxyUseDefaultCredentials needs -Proxy.' }

$records = @()
if ($UseTestRecord) {
    $records += [pscustomobject] @{
        source             = 'powershell-test'
        external_reference = 'TEST-' + [guid]::NewGuid().ToString('N').Substring(0, 12)
        raised_with_agency = $TestAgency
        theme              = 'strategy_meeting_late'
        urgency            = 'standard'
        child_references   = @(@{ scheme = 'la_child_id'; value = 'SYN100234' })
        desired_outcome    = 'A test: please do nothing.'
    }
}
else {
    foreach ($file in Get-ChildItem -Path $Path -Filter '*.json' -File | Sort-Object Name) {
        $record = Get-Content -Path $file.FullName -Raw -Encoding UTF8 | ConvertFrom-Json
        if (-not $record.source -or -not $record.external_reference) {
            Stop-Wrong "$($file.Name) has no source or no external_reference."
        }
        $records += $record
    }
}
if ($records.Count -eq 0) { Stop-Wrong 'There is nothing to send.' }

$address = $Url.TrimEnd('/') + '/v1/escalations/batch'
if ($DryRun) { $address += '?dry_run=true' }

function Send-Batch($Items) {
    $json = ConvertTo-Json -InputObject @{ items = @($Items) } -Depth 10 -Compress
    $request = @{
        Uri             = $address
        Method          = 'Post'
        Headers         = @{ Authorization = "Bearer $token" }
        ContentType     = 'application/json'
        # A text would be sent as ISO 8859-1 by Windows PowerShell; the service takes UTF-8 only.
        Body            = [Text.Encoding]::UTF8.GetBytes($json)
        TimeoutSec      = 60
        UseBasicParsing = $true
    }
    if ($Proxy) { $request.Proxy = $Proxy }
    if ($ProxyUseDefaultCredentials) { $request.ProxyUseDefaultCredentials = $true }
    for ($tried = 1; $tried -le $Tries; $tried++) {
        $wait = Get-Random -Minimum 0.0 -Maximum ([Math]::Min(60, [Math]::Pow(2, $tried)))
        try {
            $answer = Invoke-WebRequest @request
            return ([Text.Encoding]::UTF8.GetString($answer.RawContentStream.ToArray()) | ConvertFrom-Json).items
        }
        catch {
            $response = $_.Exception.Response
            $status = if ($response) { [int] $response.StatusCode } else { 0 }
            if ($status -ne 0 -and $status -ne 429 -and $status -ne 503) {
                [Console]::Error.WriteLine("$status $($_.ErrorDetails.Message)")
                exit 1
            }
            $asked = 0
            if ($response) {
                # Windows PowerShell has a table of texts here, PowerShell 7 an object.
                $header = if ($response.Headers -is [Net.WebHeaderCollection]) { $response.Headers['Retry-After'] }
                          else { $response.Headers.RetryAfter.Delta.TotalSeconds }
                [void] [double]::TryParse("$header", [ref] $asked)
            }
            if ($asked -gt 0) { $wait = $asked }
            [Console]::Error.WriteLine("Try $tried of ${Tries}: no answer ($status).")
            if ($tried -lt $Tries) { Start-Sleep -Milliseconds ([int] ($wait * 1000)) }
        }
    }
    [Console]::Error.WriteLine('The service did not answer. Nothing is lost: send the same again later.')
    exit 2
}

$report = @()
for ($begin = 0; $begin -lt $records.Count; $begin += $MostInABatch) {
    $end = [Math]::Min($begin + $MostInABatch, $records.Count) - 1
    $batch = @($records[$begin..$end])
    $results = @(Send-Batch $batch)
    for ($number = 0; $number -lt $batch.Count; $number++) {
        $result = $results[$number]
        $faults = @($result.problem.errors | Where-Object { $_ } | ForEach-Object { "$($_.pointer) $($_.detail)" })
        $line = [pscustomobject] @{
            source             = $batch[$number].source
            external_reference = $batch[$number].external_reference
            status             = $result.status
            code               = $result.problem.code
            faults             = $faults -join '; '
        }
        $report += $line
        Write-Output ('{0} {1} {2} {3}' -f $line.external_reference, $line.status, $line.code, $line.faults).TrimEnd()
    }
}
if ($ReportPath) { $report | Export-Csv -Path $ReportPath -NoTypeInformation -Encoding UTF8 }
$refused = @($report | Where-Object { $_.status -ge 300 }).Count
Write-Output "$($report.Count) sent, $refused refused"
if ($refused -gt 0) { exit 1 }
exit 0
