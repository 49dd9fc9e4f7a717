window.YTD.tweets.part0 = [
  {
    "tweet": {
      "id_str": "1600000000000000002",
      "id": "1600000000000000002",
      "created_at": "Mon Jun 05 17:18:02 +0000 2023",
      "full_text": "@bo At last &lt;3 https://t.co/abc123",
      "in_reply_to_screen_name": "bo",
      "entities": {
        "urls": []
      }
    }
  },
  {
    "tweet": {
      "id_str": "1600000000000000001",
      "id": "1600000000000000001",
      "created_at": "Mon Jun 05 17:17:11 +0000 2023",
      "full_text": "The bees are back.",
      "entities": {
        "urls": []
      }
    }
  },
  {
    "tweet": {
      "id_str": "1600000000000000003",
      "id": "1600000000000000003",
      "created_at": "Mon Jun 05 18:00:00 +0000 2023",
      "full_text": "RT @bo: Somebody else's words",
      "entities": {
        "urls": []
      }
    }
  }
]