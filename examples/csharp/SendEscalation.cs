// Sends one record; .NET 6 or later. Set URL and TOKEN, then: dotnet run -- niche OCC-2026-118 record.json
// Not compiled by this project's tests: no .NET is among the tools that they need.
using System.Net;
using System.Net.Http.Headers;
using System.Text;

var (source, reference, file) = (args[0], args[1], args[2]);
using var http = new HttpClient { BaseAddress = new Uri(Environment.GetEnvironmentVariable("URL")!) };
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("TOKEN"));
var path = $"/v1/sources/{Uri.EscapeDataString(source)}/escalations/{Uri.EscapeDataString(reference)}";

for (var tried = 1; ; tried++)
{
    var body = new StringContent(File.ReadAllText(file), Encoding.UTF8, "application/json");
    using var answer = await http.PutAsync(path, body);
    if (tried < 6 && answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
    {
        // The same may be sent again: what is there already is answered with "unchanged".
        await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(Random.Shared.NextDouble() * Math.Pow(2, tried)));
        continue;
    }
    Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    return answer.IsSuccessStatusCode ? 0 : 1;
}
