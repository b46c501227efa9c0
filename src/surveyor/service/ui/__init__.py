"""The pages: server-rendered, live by server-sent fragments, under a policy that allows no inline script or style."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from surveyor.service.ui import (
    finding,
    findings,
    home,
    llm,
    pages,
    reports,
    scans,
    schedules,
    signin,
    tasks,
    verifications,
    webhooks,
)


def routes() -> tuple[BaseRoute, ...]:
    """Every page and form."""
    return (
        Route("/", home.show),
        Route("/scans", home.start_page, methods=["POST"]),
        Route("/uploads", home.start_file, methods=["POST"]),
        Route("/advisories/update", home.update_advisories, methods=["POST"]),
        Route("/scans/{scan_id}", scans.show),
        Route("/scans/{scan_id}/cancel", scans.cancel, methods=["POST"]),
        Route("/scans/{scan_id}/live", scans.live),
        Route("/scans/{scan_id}/report", scans.report),
        Route("/findings", findings.show),
        Route("/findings/{finding_id}", finding.show),
        Route("/findings/{finding_id}", finding.decide, methods=["POST"]),
        Route("/findings/{finding_id}/tasks", finding.create_task, methods=["POST"]),
        Route("/tasks", tasks.show),
        Route("/tasks/{task_id}", tasks.one),
        Route("/tasks/{task_id}", tasks.change, methods=["POST"]),
        Route("/tasks/{task_id}/move", tasks.move, methods=["POST"]),
        Route("/tasks/{task_id}/verify", tasks.verify, methods=["POST"]),
        Route("/verifications", verifications.show),
        Route("/verifications/{verification_id}", verifications.one),
        Route("/verifications/{verification_id}/live", verifications.live),
        Route("/verifications/{verification_id}/reopen", verifications.reopen, methods=["POST"]),
        Route("/reports", reports.show),
        Route("/reports", reports.create, methods=["POST"]),
        Route("/reports/preview", reports.preview),
        Route("/reports/{report_id}", reports.one),
        Route("/reports/{report_id}/file", reports.file),
        Route("/reports/{report_id}/page", reports.shown),
        Route("/webhooks", webhooks.show),
        Route("/webhooks", webhooks.create, methods=["POST"]),
        Route("/webhooks/{webhook_id}", webhooks.change, methods=["POST"]),
        Route("/webhooks/{webhook_id}/switch", webhooks.switch, methods=["POST"]),
        Route("/webhooks/{webhook_id}/rotate", webhooks.rotate, methods=["POST"]),
        Route("/webhooks/{webhook_id}/test", webhooks.test, methods=["POST"]),
        Route("/webhooks/{webhook_id}/delete", webhooks.remove, methods=["POST"]),
        Route("/webhooks/{webhook_id}/deliveries", webhooks.deliveries),
        Route("/schedules", schedules.show),
        Route("/schedules", schedules.create, methods=["POST"]),
        Route("/schedules/{schedule_id}", schedules.one),
        Route("/schedules/{schedule_id}", schedules.change, methods=["POST"]),
        Route("/schedules/{schedule_id}/switch", schedules.switch, methods=["POST"]),
        Route("/schedules/{schedule_id}/delete", schedules.remove, methods=["POST"]),
        Route("/llm", llm.show),
        Route("/llm/{kind}", llm.save, methods=["POST"]),
        Route("/llm/{kind}/delete", llm.remove, methods=["POST"]),
        Route("/sign-in", signin.show),
        Route("/sign-in", signin.sign_in, methods=["POST"]),
        Route("/sign-out", signin.sign_out, methods=["POST"]),
        Route("/static/{digest}/{name:path}", pages.static_file),
    )
